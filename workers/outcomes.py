"""What is done about a vendor's answer, a function a verdict: settle the parcel's events, or let them wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from destinations.form.parts import Reading, Verdict
from workers import keys
from workers.connection import redis
from workers.dead_letters import letter
from workers.flights import Failing, Parcel, Settlement, Waiting, halves
from workers.holds import hold_for, place
from workers.samples import sample
from workers.sending import Exchange
from workers.settings import settings

if TYPE_CHECKING:
    from workers.shift import Shift

SECOND = 1_000
RETRIES_MS = tuple(SECOND * n for n in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800))
"""How long an event waits after each try in vain; after the last it is a dead letter, *exhausted*."""

BREAKER_FAILURES, BREAKER_PERSONS = 8, 3
"""So many failures in a row, of so many different persons, and the vendor is taken to be down, not the event bad."""

REFUSALS = 20
"""So many refusals in a row without one success, and it is taken to be the set-up that is wrong, not the events."""


def act(shift: Shift, parcel: Parcel, exchange: Exchange, asked_ms: int) -> bool:
    """Do what the verdict asks for; whether what comes after the parcel may go."""
    return ACTS[exchange.reading.verdict](shift, parcel, exchange, asked_ms)


def delivered(shift: Shift, parcel: Parcel, exchange: Exchange, _: int) -> bool:
    """Count the events and remove them, at the latest before anything else is sent."""
    note = exchange.reading.note or f"answer {exchange.answer.status if exchange.answer else ''}"
    kept = sample(shift.integration, exchange, parcel.members)
    shift.deliver(Settlement(parcel.members, "delivered", note, kept, mark=parcel.mark))
    return True


def held(shift: Shift, parcel: Parcel, exchange: Exchange, asked_ms: int) -> bool:
    """Hold the integration; the events stay where they are, and no try is counted."""
    kept = sample(shift.integration, exchange, parcel.members)
    hold_for(shift.integration, exchange, asked_ms, kept, shift.source.lane, parcel.mark)
    shift.stop()
    return False


def transient(shift: Shift, parcel: Parcel, exchange: Exchange, asked_ms: int) -> bool:
    """Let the events wait aside for their next try; after the last one they are dead letters, *exhausted*."""
    if parcel.tries >= len(RETRIES_MS):
        bury(shift, parcel, "exhausted", exchange)
        return False
    kept = sample(shift.integration, exchange, parcel.members)
    if exchange.doubt and parks_doubt(shift):
        bury(shift, parcel, "in_doubt", exchange)
        return False
    wait_ms = int(RETRIES_MS[parcel.tries] * settings().patience)
    failing = shift.source.postpone(parcel, wait_ms, kept, exchange.doubt)
    shift.count("failed", len(parcel.members))
    if broken(failing):
        reason = f"{failing.in_a_row} requests in a row failed, of {failing.persons} persons: {exchange.reading.reason}"
        place(shift.integration, "breaker", Reading(Verdict.TRANSIENT, reason, exchange.reading.hint), asked_ms)
        shift.stop()
    return False


def parks_doubt(shift: Shift) -> bool:
    """Whether what may have arrived must not be sent again."""
    return shift.integration.on_doubt == "park" and not shift.integration.destination.dedupes


def broken(failing: Failing) -> bool:
    """Whether failures speak of the vendor rather than of single events."""
    return failing.in_a_row >= BREAKER_FAILURES and failing.persons >= BREAKER_PERSONS


def invalid(shift: Shift, parcel: Parcel, exchange: Exchange, asked_ms: int) -> bool:
    """One event: a dead letter. Several: send them again in parts, down to the one that is refused."""
    if len(parcel.members) > 1:
        return shift.send_again(parcel, parts(parcel, exchange))
    bury(shift, parcel, "refused", exchange)
    refused = int(redis().hget(keys.health(shift.integration.name), "refused") or 0)
    if refused >= REFUSALS:
        reason = f"{refused} refusals in a row without one success, the last: {exchange.reading.reason}"
        place(shift.integration, "setup", Reading(Verdict.SETUP, reason, exchange.reading.hint), asked_ms)
        shift.stop()
    return shift.going


def parts(parcel: Parcel, exchange: Exchange) -> list[Sequence[Waiting]]:
    """The parts of a refused parcel: those the vendor names as bad one by one, and the rest; else two halves."""
    records = [member for member in parcel.members for _ in member.records]
    named = {records[index].id for index in exchange.reading.culprits if index < len(records)}
    if not named or len(named) == len(parcel.members):
        return halves(parcel.members)
    rest = [member for member in parcel.members if member.id not in named]
    return [rest, *([member] for member in parcel.members if member.id in named)]


def bury(shift: Shift, parcel: Parcel, kind: str, exchange: Exchange) -> None:
    """Make dead letters of a parcel's events."""
    reading, members = exchange.reading, parcel.members
    kept = sample(shift.integration, exchange, members)
    why = (kind, reading.reason, reading.hint, exchange)
    documents = [letter(shift.integration, parcel.cut, member, *why) for member in members]
    shift.settle(Settlement(members, f"dead:{kind}", reading.reason, kept, documents, parcel.mark))


ACTS: dict[Verdict, Callable[[Shift, Parcel, Exchange, int], bool]] = {
    Verdict.DELIVERED: delivered,
    Verdict.THROTTLED: held,
    Verdict.SETUP: held,
    Verdict.TRANSIENT: transient,
    Verdict.INVALID: invalid,
}
