"""Limits: how fast requests may go, over all workers and all integrations of one vendor account."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from destinations.form.integration import Integration
from destinations.form.parts import Limit
from workers import keys

BURST_SHARE = 0.02


def window(limit: Limit) -> tuple[int, float]:
    """A limit as GCRA: microseconds a request, and burst.

    A burst b and an interval of window / (limit − b + 1) put at most ``limit`` requests into any window of that length,
    wherever it starts, so a vendor's fixed windows are never exceeded. The burst is 1 and 2 % of the limit; less than a
    request says how much too early a permit may be asked for.
    """
    burst = 1 + limit.requests * BURST_SHARE
    return int(limit.seconds * 1_000_000 / (limit.requests - burst + 1)) + 1, burst


def replay_window(integration: Integration, pace: int) -> tuple[str, tuple[int, int]]:
    """Key and GCRA numbers of the window of an integration's replays: one in ``pace`` µs, a second's worth at once."""
    return keys.limit(f"{integration.name}/replay", 1), (pace, max(1, 1_000_000 // pace))


@lru_cache(maxsize=1024)
def pace_of(integration: Integration) -> str:
    """The name under which an account's limits are kept; it tells nothing of the account."""
    return hashlib.blake2b(integration.account.encode(), digest_size=8).hexdigest()


@lru_cache(maxsize=1024)
def windows(integration: Integration) -> tuple[list[str], list[float]]:
    """Keys and GCRA numbers of every window that counts: the vendor's by account, the integration's own by its name.

    Remembered, and not to be changed.
    """
    names: list[str] = []
    numbers: list[float] = []
    owners = ((f"account/{pace_of(integration)}", integration.limits), (integration.name, integration.tightened))
    for owner, limits in owners:
        for limit in limits:
            names.append(keys.limit(owner, limit.seconds))
            numbers.extend(window(limit))
    return names, numbers
