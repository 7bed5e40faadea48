"""Holds: an integration-wide pause, because the vendor says so, the configuration says so, or an operator does."""

from __future__ import annotations

import random

import orjson
import structlog

from destinations.form.integration import Integration
from destinations.form.parts import Reading, Verdict
from workers import keys, scripts, tickets
from workers.connection import redis
from workers.samples import masked_answer
from workers.sending import Exchange
from workers.settings import settings

log = structlog.get_logger(__name__)

MINUTE = 60_000
LADDERS: dict[str, tuple[int, ...]] = {
    "throttled": (10_000, 20_000, 40_000, 80_000, 160_000, 300_000),
    "setup": (MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE),
}
LONGEST_TOLD_MS = 60 * MINUTE
FOREVER_MS = 100 * 365 * 24 * 60 * MINUTE


def hold_for(integration: Integration, exchange: Exchange, asked_ms: int, sample: bytes) -> None:
    """Hold an integration because of an answer: ``throttled`` as told, else by its ladder; ``setup`` by its own."""
    reading = exchange.reading
    kind = "throttled" if reading.verdict is Verdict.THROTTLED else "setup"
    answer = orjson.dumps(masked_answer(integration, exchange.answer))
    place(integration.name, kind, reading, asked_ms, integration.revision, answer, sample)


def place(
    name: str, kind: str, reading: Reading, asked_ms: int, revision: int, answer: bytes = b"", sample: bytes = b""
) -> None:
    """Set a hold, unless the answer is older than the last word on the matter."""
    told = "" if reading.retry_after is None else min(int(reading.retry_after * 1000), LONGEST_TOLD_MS)
    jitter = random.uniform(0.5, 1.0) if kind == "throttled" else 1.0
    arguments: list[scripts.Argument] = [kind, asked_ms, revision, reading.reason, reading.hint, answer, told, jitter]
    names = (keys.hold(name), keys.cleared(name), keys.samples(name))
    until = scripts.call(redis(), "hold", names, [*arguments, sample, settings().samples_kept, *LADDERS[kind]])
    if until:
        log.warning("integration held", integration=name, kind=kind, reason=reading.reason, hint=reading.hint)


def halt(name: str, kind: str, reason: str, hint: str, milliseconds: int = FOREVER_MS) -> int:
    """Hold an integration because people say so (kind ``operator``); until when (ms of Redis's clock).

    0 when the configuration disables the integration: then that is why it is held.
    """
    return int(scripts.call(redis(), "halt", (keys.hold(name),), (kind, milliseconds, reason, hint)))


def free(name: str, *kinds: str) -> bool:
    """End a hold of one of these kinds, and let every parked lane try again now; whether there was one."""
    names = (keys.hold(name), keys.cleared(name), keys.nudges(name), keys.agenda(name), keys.ticketed(name))
    ended, wanted = scripts.call(redis(), "free", names, (settings().ticket_ms, ",".join(kinds)))
    if wanted:
        tickets.publish([name])
    return bool(ended)
