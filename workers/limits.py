"""The limiter: how many requests may go now, over all workers and all integrations of one vendor account."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from destinations.form.integration import Integration
from destinations.form.parts import Limit
from workers import keys, scripts
from workers.connection import redis

BURST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Permits:
    """``granted`` requests may go; when none, ask again in ``wait_ms``. ``now_ms`` is Redis's clock."""

    granted: int
    wait_ms: int
    now_ms: int


def window(limit: Limit) -> tuple[int, int]:
    """A limit as GCRA: microseconds a request, and burst.

    A burst b and an interval of window / (limit − b + 1) put at most ``limit`` requests into any window of that length,
    wherever it starts, so a vendor's fixed windows are never exceeded. The burst is 2 % of the limit, at least 1.
    """
    burst = 1 + int(limit.requests * BURST_SHARE)
    return int(limit.seconds * 1_000_000 / (limit.requests - burst + 1)) + 1, burst


def ask(integration: Integration, wanted: int) -> Permits:
    """Ask for permits for ``wanted`` requests; fewer, or none, may be granted: none while the integration is held."""
    account = hashlib.blake2b(integration.account.encode(), digest_size=8).hexdigest()
    names, arguments = [keys.hold(integration.name)], [wanted]
    for owner, limits in ((f"account/{account}", integration.limits), (integration.name, integration.tightened)):
        for limit in limits:
            names.append(keys.limit(owner, limit.seconds))
            arguments.extend(window(limit))
    granted, wait_ms, now_ms = scripts.call(redis(), "permits", names, arguments)
    return Permits(granted, wait_ms, now_ms)
