"""A side lane: where failed requests wait for their next try, with whoever must not overtake them, and replays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workers import keys, scripts
from workers.clearance import Asking, ask_for
from workers.connection import own
from workers.flights import Cut, Failing, Parcel, Settlement, Waiting, halves
from workers.groups import Group, unpack
from workers.lanes import Lane
from workers.settings import settings
from workers.source import Doubts, call, conclusion, doubts, fatal, ids_and_letters, insist, settled, state_of

APART_AFTER = 3
"""A request that failed so often is taken apart: perhaps one of its events is what the vendor stumbles over."""

APART_IN_DOUBT = 9
"""One that may have arrived keeps its key longer, where that is what the vendor knows a repetition by."""


def parts_of(group: Group, parts: Sequence[Sequence[Waiting]]) -> list[Group]:
    """A group for each part."""
    return [group.part([member.id for member in part], [member.person for member in part]) for part in parts if part]


class Side:
    """A leased side lane: its groups, of up to ``batch`` events, go when they are due, one person's in order.

    ``known_by_key``: whether the vendor recognises a repeated request, as long as nobody takes it apart.
    """

    def __init__(self, lane: Lane, batch: int, *, known_by_key: bool = False) -> None:
        self.lane = lane
        self._batch = batch
        self._known_by_key = known_by_key
        queue, member = lane.queue, lane.member
        self._due, self._groups = keys.due(queue, member), keys.groups(queue, member)
        self._events, self._barrier = keys.events(queue, member), keys.barrier(queue, member)
        self._last = keys.last(queue, member)
        self._now_ms = self._held_ms = 0
        self._taken: dict[str, Group] = {}
        self.drained = False

    def cut(self, size: int) -> list[Cut]:
        """The groups that are due."""
        names = (self.lane.state, self._due, self._groups, self._events, keys.held(self.lane.queue), self._last)
        groups = max(1, size // self._batch)
        answer = scripts.call(own(), "take", names, (self.lane.token, groups))
        if answer is None:
            self.lane.lost.set()
            return []
        rows, state, self._now_ms, self._held_ms = answer
        known = state_of(state)
        self.drained = len(rows) < groups and b"careful" not in known
        in_doubt, deadly = doubts(known), fatal(known)
        return [self._cut(unpack(row[1]), row[2], row[3:], in_doubt, deadly) for row in rows]

    def settle(self, settlement: Settlement) -> int:
        """Remove events from their group, counted; when the last one goes, those behind it step forward."""
        group = self._taken[str(settlement.members[0].group)]
        gone = {member.id for member in settlement.members}
        rest = replace(group, ids=[identifier for identifier in group.ids if identifier not in gone])
        self._taken[group.id] = rest
        names, arguments = conclusion(self.lane, replace(settlement, mark="" if rest.ids else group.id))
        names += [self._due, self._groups, self._events, self._barrier, self._last]
        arguments += [group.id, rest.packed() if rest.ids else b"", *ids_and_letters(settlement)]
        return settled(self.lane, int(insist(self.lane, "settle_aside", names, arguments)))

    def follow(self, settlement: Settlement, wanted: Asking) -> tuple[int, tuple[int, int, int]]:
        """One after the other: few requests are sent twice."""
        return self.settle(settlement), ask_for(self.lane, wanted)

    def postpone(self, parcel: Parcel, wait_ms: int, sample: bytes, doubt: bool) -> Failing:
        """Put a group back for its next try, or two halves of it, which need not wait: most of it is good."""
        group = self._taken[parcel.mark]
        tried = group.tried(parcel.key, self._now_ms, self._held_ms, doubt)
        if len(parcel.members) == 1 or tried.tries < self._patience(tried):
            return self._regroup(group, [tried], wait_ms, sample, failed=True, doubt=doubt)
        new = parts_of(replace(tried, tries=APART_AFTER - 1), halves(parcel.members))
        return self._regroup(group, new, 0, sample, failed=True, doubt=doubt)

    def _patience(self, group: Group) -> int:
        """After how many tries in vain a group is taken apart. Those of its parts begin anew, until each is single."""
        return APART_IN_DOUBT if group.doubt and self._known_by_key else APART_AFTER

    def split(self, cut: Cut, parts: Sequence[Sequence[Waiting]]) -> list[Cut]:
        """Make a group of each part; they are due at once, and cut anew."""
        group = self._taken[str(cut.group and cut.group.id)]
        self._regroup(group, parts_of(group, parts))
        return []

    def _cut(self, group: Group, last: bytes, bodies: Sequence[bytes], in_doubt: Doubts, deadly: bool) -> Cut:
        self._taken[group.id] = group
        members = [
            Waiting(identifier, body, group=group.id) for identifier, body in zip(group.ids, bodies, strict=True)
        ]
        takeovers, _ = in_doubt.get(group.id, (0, []))
        old = group.age_ms(self._now_ms, self._held_ms) > settings().age_ms
        return Cut(members, group.key, takeovers, group, expired=old, fatal=deadly, last=last)

    def _regroup(
        self,
        old: Group,
        new: Sequence[Group],
        wait_ms: int = 0,
        sample: bytes = b"",
        *,
        failed: bool = False,
        doubt: bool = False,
    ) -> Failing:
        queue = self.lane.queue
        names = [self.lane.state, keys.ledger(queue), keys.samples(queue), keys.health(queue)]
        names += [self._due, self._groups, self._barrier, self._last]
        arguments: list[scripts.Argument] = [self.lane.token, old.id, int(doubt), sample, settings().samples_kept]
        arguments += [int(failed), wait_ms]
        for group in new:
            arguments += [group.id, group.packed()]
        return call(self.lane, "regroup", names, arguments)
