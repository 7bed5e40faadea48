"""What is done about a vendor's answer, a function a verdict: settle the parcel's events, or leave them waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from destinations.form.parts import Verdict
from workers.dead_letters import letters
from workers.flights import Parcel, Waiting
from workers.holds import hold_for
from workers.prepare import repack
from workers.samples import sample
from workers.sending import Exchange
from workers.settle import failed, settle

if TYPE_CHECKING:
    from workers.shift import Shift

SECOND = 1_000
RETRIES_MS = tuple(SECOND * n for n in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800))
"""How long an event waits after each try in vain; after the last it is a dead letter, *exhausted*."""


def act(shift: Shift, parcel: Parcel, exchange: Exchange, asked_ms: int) -> None:
    """Do what the verdict asks for."""
    ACTS[exchange.reading.verdict](shift, parcel, exchange, asked_ms)


def delivered(shift: Shift, parcel: Parcel, exchange: Exchange, _: int) -> None:
    """Count the events and remove them."""
    note = exchange.reading.note or f"answer {exchange.answer.status if exchange.answer else ''}"
    kept = sample(shift.integration, exchange, parcel.members)
    shift.count("delivered", settle(shift.lane, parcel.members, "delivered", note=note, sample=kept))


def held(shift: Shift, parcel: Parcel, exchange: Exchange, asked_ms: int) -> None:
    """Hold the integration; the events stay where they are, and no try is counted."""
    hold_for(shift.integration, exchange, asked_ms, sample(shift.integration, exchange, parcel.members))
    shift.stop()


def transient(shift: Shift, parcel: Parcel, exchange: Exchange, _: int) -> None:
    """Let the events wait for their next try; those that had their last are dead letters, *exhausted*."""
    spent = [member for member in parcel.members if member.tries >= len(RETRIES_MS)]
    bury(shift, spent, "exhausted", exchange)
    rest = [member for member in parcel.members if member.tries < len(RETRIES_MS)]
    if rest:
        tries = failed(shift.lane, rest, sample(shift.integration, exchange, rest))
        shift.park(RETRIES_MS[max(tries, 1) - 1])


def invalid(shift: Shift, parcel: Parcel, exchange: Exchange, _: int) -> None:
    """One event: a dead letter. Several: send them again in parts, down to the one that is refused."""
    if len(parcel.members) == 1:
        bury(shift, list(parcel.members), "refused", exchange)
        return
    shift.send_again(repack(shift.integration, parts(parcel, exchange)))


def parts(parcel: Parcel, exchange: Exchange) -> list[list[Waiting]]:
    """The parts of a refused parcel: those the vendor names as bad one by one, and the rest; else two halves."""
    records = [member for member in parcel.members for _ in member.records]
    named = {records[index].id for index in exchange.reading.culprits if index < len(records)}
    if not named or len(named) == len(parcel.members):
        return [list(half) for half in parcel.halves]
    rest = [member for member in parcel.members if member.id not in named]
    return [rest, *([member] for member in parcel.members if member.id in named)]


def bury(shift: Shift, members: list[Waiting], kind: str, exchange: Exchange) -> None:
    """Make dead letters of events."""
    if members:
        kept = sample(shift.integration, exchange, members)
        documents = letters(shift.integration, members, kind, exchange)
        note = exchange.reading.reason
        shift.count("dead", settle(shift.lane, members, f"dead:{kind}", note=note, sample=kept, letters=documents))


ACTS: dict[Verdict, Callable[[Shift, Parcel, Exchange, int], None]] = {
    Verdict.DELIVERED: delivered,
    Verdict.THROTTLED: held,
    Verdict.SETUP: held,
    Verdict.TRANSIENT: transient,
    Verdict.INVALID: invalid,
}
