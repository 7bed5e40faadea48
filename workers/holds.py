"""Holds: an integration-wide pause, because the vendor says so, the configuration says so, or an operator does."""

from __future__ import annotations

import random
from dataclasses import dataclass

import orjson
import structlog

from destinations.form.integration import Integration
from destinations.form.parts import Reading, Verdict
from workers import keys, scripts, tickets
from workers.clearance import RECOVERY
from workers.connection import redis
from workers.lanes import Lane
from workers.limits import pace_of
from workers.samples import masked_answer
from workers.sending import Exchange
from workers.settings import settings

log = structlog.get_logger(__name__)

MINUTE = 60_000
LADDERS: dict[str, tuple[int, ...]] = {
    "throttled": (10_000, 20_000, 40_000, 80_000, 160_000, 300_000),
    "breaker": tuple(1_000 * n for n in (5, 10, 20, 40, 80, 160, 320, 600)),
    "full": (MINUTE,),
    "setup": (MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE),
}
LONGEST_TOLD_MS = 60 * MINUTE
SLOWER = 0.7
"""What a throttled account's rate is multiplied by, once a hold."""

FOREVER_MS = 100 * 365 * 24 * 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Refusal:
    """The request that a hold is set for: the vendor's answer, a sample, and where the request stands in its flight."""

    answer: bytes = b""
    sample: bytes = b""
    state: str = ""
    token: str = ""
    mark: str = ""


def hold_for(integration: Integration, exchange: Exchange, asked_ms: int, sample: bytes, lane: Lane, mark: str) -> None:
    """Hold an integration because of an answer: ``throttled`` as told, else by its ladder; ``setup`` by its own."""
    kind = "throttled" if exchange.reading.verdict is Verdict.THROTTLED else "setup"
    answer = orjson.dumps(masked_answer(integration, exchange.answer))
    place(integration, kind, exchange.reading, asked_ms, Refusal(answer, sample, lane.state, lane.token, mark))


def place(integration: Integration, kind: str, reading: Reading, asked_ms: int, refusal: Refusal = Refusal()) -> None:
    """Hold an integration, unless the request is older than the last word on the matter.

    Further kinds are ``breaker`` and ``full``, which are no single request's doing.
    """
    name = integration.name
    told = "" if reading.retry_after is None else min(int(reading.retry_after * 1000), LONGEST_TOLD_MS)
    throttled = kind == "throttled"
    names = [keys.hold(name), keys.cleared(name), keys.samples(name), refusal.state or keys.state(name)]
    names += [keys.pace(pace_of(integration)), keys.health(name), keys.held(name)]
    arguments: list[scripts.Argument] = [kind, asked_ms, integration.revision, reading.reason, reading.hint]
    arguments += [refusal.answer, told, random.uniform(0.5, 1.0) if throttled else 1.0, refusal.sample]
    arguments += [settings().samples_kept, refusal.token, refusal.mark, SLOWER if throttled else 1, RECOVERY]
    ladder = [int(wait * settings().patience) for wait in LADDERS[kind]]
    if scripts.call(redis(), "hold", names, [*arguments, *ladder]):
        log.warning("integration held", integration=name, kind=kind, reason=reading.reason, hint=reading.hint)


def halt(name: str, kind: str, reason: str, hint: str, milliseconds: int = FOREVER_MS) -> int:
    """Hold an integration because people say so (kind ``operator``); until when (ms of Redis's clock).

    0 when the configuration disables the integration: then that is why it is held.
    """
    return int(scripts.call(redis(), "halt", (keys.hold(name), keys.held(name)), (kind, milliseconds, reason, hint)))


def free(name: str, *kinds: str) -> bool:
    """End a hold of one of these kinds, and let every parked lane try again now; whether there was one."""
    names = [keys.hold(name), keys.cleared(name), keys.nudges(name), keys.agenda(name), keys.ticketed(name)]
    names.append(keys.held(name))
    ended, wanted = scripts.call(redis(), "free", names, (settings().ticket_ms, ",".join(kinds), keys.due(name)))
    if wanted:
        tickets.publish([name])
    return bool(ended)
