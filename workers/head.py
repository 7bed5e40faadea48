"""The head of a lane: where fresh events are read, and what a vanished worker left in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import structlog

from workers import keys, scripts
from workers.clearance import Asking
from workers.connection import own
from workers.flights import Cut, Failing, Parcel, Settlement, Waiting
from workers.groups import Group
from workers.lanes import Lane
from workers.settings import settings
from workers.source import call, conclusion, doubts, fatal, insist, settled, state_of
from workers.together import Step, gatherings

log = structlog.get_logger(__name__)

FOLLOWERS = 200
"""So many groups of one person may wait aside; beyond, the person's later events overtake them."""


class Head:
    """A leased lane, worked from its head."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.drained = False
        self._side = f"{lane.member}{keys.ASIDE}"

    def cut(self, size: int) -> list[Cut]:
        """What was in doubt, else fresh events from the head; those of persons aside follow them there instead."""
        while True:
            answer = self._read(size)
            if answer is None:
                return []
            entries, state, barrier, now_ms = answer
            if in_doubt := doubts(state):
                return self._doubtful(in_doubt)
            following = [member for member in entries if self._must_follow(member, barrier)] if barrier else []
            if not following:
                limited_ms = int(state.get(b"limited", 0))
                return [Cut(entries, fatal=fatal(state), now_ms=now_ms, limited_ms=limited_ms)] if entries else []
            self._follow(following)

    def settle(self, settlement: Settlement) -> int:
        """Remove events from the lane, counted. A crash before leaves them in doubt, after it they are gone."""
        names, arguments = self._settling(settlement)
        return settled(self.lane, int(insist(self.lane, "settle", names, arguments)))

    def follow(self, settlement: Settlement, wanted: Asking) -> tuple[int, tuple[int, int, int]]:
        """Settle a delivered request and clear the next in one step, which may be other threads', too."""
        left, *cleared = gatherings().of(self.lane.queue).take(Step(self.lane, settlement, wanted))
        return left, (cleared[0], cleared[1], cleared[2])

    def _settling(self, settlement: Settlement) -> tuple[list[str], list[scripts.Argument]]:
        names, arguments = conclusion(self.lane, settlement)
        return [*names, self.lane.stream], [*arguments, *_departing(settlement)]

    def postpone(self, parcel: Parcel, wait_ms: int, sample: bytes, doubt: bool) -> Failing:
        """Move a failed request to the side lane, with its key and its persons."""
        now_ms, held_ms = self._clocks()
        group = self._group(parcel.members).tried(parcel.key, now_ms, held_ms, doubt)
        return self._step_aside([group], parcel.mark, wait_ms, sample, doubt)

    def split(self, cut: Cut, parts: Sequence[Sequence[Waiting]]) -> list[Cut]:
        """The parts go at once, in order; one whose worker vanishes is in doubt by itself."""
        del cut
        return [Cut(part) for part in parts]

    def _read(self, size: int) -> tuple[list[Waiting], dict[bytes, bytes], dict[bytes, bytes], int] | None:
        names = (self.lane.state, self.lane.stream, keys.barrier(self.lane.queue, self._side))
        answer = scripts.call(own(), "peek", names, (self.lane.token, size))
        if answer is None:
            self.lane.lost.set()
            return None
        count, state, barrier, now_ms, entries = answer
        if count > len(entries):
            entries = own().xrange(self.lane.stream, count=count)
        self.drained = count < size and b"careful" not in state
        waiting = [Waiting(identifier.decode(), fields[1]) for identifier, fields in entries]
        return waiting, state_of(state), state_of(barrier), now_ms

    def _doubtful(self, in_doubt: dict[str, tuple[int, list[str]]]) -> list[Cut]:
        wanted = set(chain.from_iterable(ids for _, ids in in_doubt.values()))
        first, last = min(wanted, key=_order), max(wanted, key=_order)
        entries: Any = own().xrange(self.lane.stream, first, last)
        found = {name.decode(): fields[1] for name, fields in entries if name.decode() in wanted}
        cuts = []
        for key, (takeovers, ids) in in_doubt.items():
            members = [Waiting(name, found[name]) for name in ids if name in found]
            if members:
                cuts.append(Cut(members, key, takeovers))
            else:
                self._forget(key)
        return cuts

    def _forget(self, key: str) -> None:
        scripts.call(own(), "undoubt", (self.lane.state,), (self.lane.token, key))

    def _must_follow(self, member: Waiting, barrier: dict[bytes, bytes]) -> bool:
        line = barrier.get(member.person.encode())
        if line is None:
            return False
        if line.count(b" ") + 1 < FOLLOWERS:
            return True
        log.warning("a person's events overtake: too many wait aside", integration=self.lane.queue, waiting=FOLLOWERS)
        return False

    def _follow(self, members: Sequence[Waiting]) -> None:
        self._step_aside([self._group([member]) for member in members], "", 0, b"", doubt=False)

    def _step_aside(self, groups: Sequence[Group], mark: str, wait_ms: int, sample: bytes, doubt: bool) -> Failing:
        queue, side = self.lane.queue, self._side
        names = [self.lane.state, self.lane.stream, keys.ledger(queue), keys.samples(queue), keys.health(queue)]
        names += [keys.agenda(queue), keys.due(queue, side), keys.groups(queue, side), keys.events(queue, side)]
        names += [keys.barrier(queue, side), keys.state(queue, side), keys.last(queue, side)]
        arguments: list[scripts.Argument] = [self.lane.token, side, mark, int(doubt), sample, settings().samples_kept]
        arguments.append(wait_ms)
        for group in groups:
            arguments += [group.id, group.packed()]
        return call(self.lane, "step_aside", names, arguments)

    def _group(self, members: Sequence[Waiting]) -> Group:
        persons = list(dict.fromkeys(member.person for member in members))
        return Group(members[0].id, [member.id for member in members], persons)

    def _clocks(self) -> tuple[int, int]:
        """Redis's clock, and how long the integration was held in all (ms)."""
        with own().pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.get(keys.held(self.lane.queue))
            (seconds, micros), held = pipe.execute()
        return seconds * 1000 + micros // 1000, int(held or 0)


def _departing(settlement: Settlement) -> list[scripts.Argument]:
    """The end of a settling script's arguments, as ``lua/lib/depart.lua`` wants it: hundreds of texts are one."""
    ids = " ".join([member.id for member in settlement.members])
    messages = [member.message_id for member in settlement.members]
    if settlement.mark and not settlement.letters:
        return [len(messages), ids, "\n".join(messages)]
    return [len(messages), ids, *messages, *settlement.letters]


def _order(identifier: str) -> tuple[int, int]:
    milliseconds, _, number = identifier.partition("-")
    return int(milliseconds), int(number)
