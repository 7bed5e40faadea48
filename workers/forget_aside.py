"""Erase a forgotten person's events from a side lane, with their groups and their place in the barrier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from workers import keys, scripts
from workers.connection import redis
from workers.flights import Waiting
from workers.groups import Group, unpack
from workers.incoming import milliseconds
from workers.mentions import Wanted
from workers.settings import settings


class Aside:
    """One side lane. ``staying`` says how many events stay, for now, because a worker has the lane or sends them."""

    def __init__(self, name: str, member: str, wanted: Wanted, buried_ms: int) -> None:
        self.staying = 0
        self._name, self._member = name, member
        self._wanted = wanted
        self._buried_ms = buried_ms

    def erase(self) -> int:
        """Erase all there is of the person; how many events went."""
        found = {
            identifier.decode(): body
            for identifier, body in redis().hscan_iter(keys.events(self._name, self._member), count=500)
            if self._wanted.is_in(body) and milliseconds(identifier.decode()) <= self._buried_ms
        }
        gone = sum(self._from_group(text, found) for text in self._groups_of(found)) if found else 0
        self._exchanges()
        return gone

    def _groups_of(self, found: Mapping[str, bytes]) -> list[bytes]:
        groups = redis().hscan_iter(keys.groups(self._name, self._member), count=500)
        return [text for _, text in groups if not found.keys().isdisjoint(orjson.loads(text)["ids"])]

    def _from_group(self, text: bytes, found: Mapping[str, bytes]) -> int:
        group = unpack(text)
        theirs = [identifier for identifier in group.ids if identifier in found]
        rest = self._rest(group, theirs)
        leaving = [person for person in group.persons if rest is None or person not in rest.persons]
        arguments: list[scripts.Argument] = [self._name, self._member, group.id, text, rest.packed() if rest else b""]
        arguments += [settings().fates_kept, len(leaving), *leaving]
        for identifier in theirs:
            arguments += [identifier, Waiting(identifier, found[identifier]).message_id]
        answer = int(scripts.call(redis(), "erase_aside", self._names(), arguments))
        if answer < 0:
            self.staying += len(theirs)
        return max(answer, 0)

    def _rest(self, group: Group, theirs: list[str]) -> Group | None:
        """What is left of a group: its other events and their persons, packed anew."""
        ids = [identifier for identifier in group.ids if identifier not in theirs]
        if not ids:
            return None
        bodies: Any = redis().hmget(keys.events(self._name, self._member), ids)
        persons = {Waiting(identifier, body or b"{}").person for identifier, body in zip(ids, bodies, strict=True)}
        return replace(group, ids=ids, persons=[person for person in group.persons if person in persons])

    def _names(self) -> list[str]:
        name, member = self._name, self._member
        places = (keys.due, keys.groups, keys.events, keys.barrier, keys.last)
        names = [keys.state(name, member), *(place(name, member) for place in places)]
        return [*names, keys.agenda(name), keys.ledger(name), keys.FATES, keys.FATES_COUNT]

    def _exchanges(self) -> None:
        """Take away the last exchanges of other groups that spoke of the person too."""
        last = keys.last(self._name, self._member)
        for group, text in redis().hscan_iter(last, count=100):
            kept = orjson.loads(text)
            if self._wanted.exchanged(kept["request"], kept["answer"]):
                redis().hdel(last, group.decode())
