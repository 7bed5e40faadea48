"""Where a shift's events come from and go back to: the head of a lane, or a side lane."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

from workers import keys, scripts
from workers.clearance import Asking
from workers.connection import AWAY, own
from workers.flights import Cut, Failing, Parcel, Settlement, Waiting
from workers.lanes import Lane
from workers.settings import settings

INSIST_EVERY = 0.2


class Source(Protocol):
    """A leased lane or side lane. Whatever moves an event here is one script, refused when the lease is lost."""

    lane: Lane
    drained: bool
    """Whether the last cut found less than it looked for: what else comes is due later."""

    def cut(self, size: int) -> list[Cut]:
        """Read what may go now, about ``size`` events; empty when there is nothing, or when the lane is lost."""

    def settle(self, settlement: Settlement) -> int:
        """Give events their fate, counted as they leave; how many did."""

    def follow(self, settlement: Settlement, wanted: Asking) -> tuple[int, tuple[int, int, int]]:
        """Settle what was delivered and ask for the permit of the next request; how many left, and the answer."""

    def postpone(self, parcel: Parcel, wait_ms: int, sample: bytes, doubt: bool) -> Failing:
        """Let a request that failed wait aside for its next try."""

    def split(self, cut: Cut, parts: Sequence[Sequence[Waiting]]) -> list[Cut]:
        """Take events that travelled together apart; those of the parts that this shift is to send now."""


def conclusion(lane: Lane, settlement: Settlement) -> tuple[list[str], list[scripts.Argument]]:
    """The keys and arguments that both settling scripts begin with (see ``lua/lib/conclude.lua``)."""
    name = lane.queue
    names = [lane.state, keys.ledger(name), keys.FATES, keys.FATES_COUNT, keys.samples(name), keys.dead(name)]
    names += [keys.hold(name), keys.health(name), keys.held(name)]
    arguments: list[scripts.Argument] = [lane.token, name, settlement.fate, settlement.note, settings().fates_kept]
    arguments += [settlement.sample, settings().samples_kept, settings().letters_kept, settlement.mark]
    return names, arguments


def ids_and_letters(settlement: Settlement) -> list[scripts.Argument]:
    """The end of a settling script's arguments: count, ids, message ids, letters."""
    ids = [member.id for member in settlement.members]
    messages = [member.message_id for member in settlement.members]
    return [len(ids), *ids, *messages, *settlement.letters]


def insist(lane: Lane, script: str, names: Sequence[str], arguments: Sequence[scripts.Argument], *others: Lane) -> Any:
    """Run a script that books what a vendor answered; again, when Redis is away, for as long as a lease surely lasts.

    Given up, a request whose answer is known would be in doubt, and sent again.
    """
    while True:
        try:
            return scripts.call(own(), script, names, arguments)
        except AWAY:
            if not any(one.surely_ours for one in (lane, *others)):
                raise
            time.sleep(INSIST_EVERY)


class NoRoom(Exception):
    """There is no room for more dead letters; the events stay, and the integration must be held."""


def settled(lane: Lane, answer: int) -> int:
    """How many events left, as a settling script answers."""
    if answer == -1:
        lane.lost.set()
    if answer == -2:
        raise NoRoom
    return max(answer, 0)


Doubts = dict[str, tuple[int, list[str]]]
"""Requests in doubt by their mark: how often their worker vanished, and their events' ids."""

FATAL = 3


def fatal(state: dict[bytes, bytes]) -> bool:
    """Whether so many workers in a row vanished while preparing the one event that was read alone."""
    return int(state.get(b"alone", 0)) >= FATAL


def doubts(state: dict[bytes, bytes]) -> Doubts:
    """Requests in doubt, as a lane's state names them."""
    found = {}
    for name, value in state.items():
        if name.startswith(b"doubt:"):
            takeovers, *ids = value.decode().split(" ")
            found[name.decode().removeprefix("doubt:")] = (int(takeovers), ids)
    return found


def state_of(flat: list[bytes]) -> dict[bytes, bytes]:
    """A lane's state as HGETALL gives it inside a script."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def call(lane: Lane, script: str, names: Sequence[str], arguments: Sequence[scripts.Argument]) -> Failing:
    """Run a script that puts a failed request back; how the integration does."""
    moved, in_a_row, persons = insist(lane, script, names, arguments)
    if moved < 0:
        lane.lost.set()
    return Failing(in_a_row, persons)
