"""Tombstones: who was forgotten, and when, so that nothing of theirs that was under way then comes back.

A tombstone keeps a digest of an id, no id, for ``FLEET_TOMBSTONE_DAYS`` (30 days). It bars what came in before the
forgetting; what a person does afterwards is new. A counter of forgettings tells those who looked too early to look
again: the script that routes and the one that clears a request compare it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workers import keys
from workers.connection import redis
from workers.flights import Cut, Settlement
from workers.people import Identifier, identifiers


def digest(identifier: Identifier) -> str:
    """What is kept of an id."""
    return hashlib.blake2b("\0".join(identifier).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Tombstones:
    """One look: the forgettings counted until then, and when each id asked about was forgotten (ms)."""

    forgettings: str
    forgotten: Mapping[Identifier, int]

    def bar(self, event: Mapping[str, Any], came_ms: int) -> bool:
        """Whether an event that came at ``came_ms`` is of a person who was forgotten since."""
        return bool(self.forgotten) and self.bars(identifiers(event), came_ms)

    def bars(self, persons: Iterable[Identifier], came_ms: int) -> bool:
        """Whether what came at ``came_ms`` is of a person who was forgotten since, as whom ever of these."""
        return any(came_ms <= self.forgotten.get(identifier, -1) for identifier in persons)


def without_forgotten(cuts: Sequence[Cut], settle: Callable[[Settlement], None]) -> tuple[str, list[Cut]]:
    """Settle what came before its person was forgotten; the forgettings counted until then, and the rest."""
    members = [member for cut in cuts for member in cut.members]
    stones = look(name for member in members for name in identifiers(member.read()))
    if not stones.forgotten:
        return stones.forgettings, list(cuts)
    left = []
    for cut in cuts:
        gone = [member for member in cut.members if stones.bar(member.read(), member.came_ms)]
        rest = [member for member in cut.members if member not in gone]
        if gone:
            mark = cut.group.id if cut.group else cut.key
            settle(Settlement(gone, "forgotten", "fleet forget", mark="" if rest else mark))
        if rest:
            left.append(replace(cut, members=rest))
    return stones.forgettings, left


def look(wanted: Iterable[Identifier]) -> Tombstones:
    """Look for tombstones of these ids."""
    with redis().pipeline(transaction=False) as pipe:
        pipe.get(keys.FORGETTINGS)
        pipe.exists(keys.TOMBSTONES)
        forgettings, any_there = pipe.execute()
    return Tombstones((forgettings or b"0").decode(), scores(wanted) if any_there else {})


def scores(wanted: Iterable[Identifier]) -> dict[Identifier, int]:
    """When these were forgotten (ms), as far as they were."""
    names = list(dict.fromkeys(wanted))
    if not names:
        return {}
    found: Any = redis().zmscore(keys.TOMBSTONES, [digest(name) for name in names])
    return {name: int(score) for name, score in zip(names, found, strict=True) if score is not None}
