"""Choosing dead letters: by what they are, of whom, and when they died. Read in chunks, the oldest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from workers import keys
from workers.connection import redis
from workers.dead import INBOX, Letter, is_entry, read
from workers.streams import Entry, newest, oldest_first, order

HIDDEN = "…"
"""Stands for a person where what was asked for is kept."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What must be true of a dead letter; what is not given does not matter.

    ``status``  of the vendor's answer             ``reason``  a part of the reason, in any case
    ``event``   the event's name, or its type      ``person``  its user id or anonymous id
    ``since_ms``, ``until_ms``  when it died, by Redis's clock
    ``ids``     of letters as they are listed, with or without their place, or message ids
    """

    kind: str | None = None
    status: int | None = None
    reason: str | None = None
    event: str | None = None
    person: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    ids: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self != Filter()

    def told(self) -> dict[str, Any]:
        """What is asked for, as the log of changes may keep it: without the person, who may ask to be forgotten."""
        asked = {field.name: getattr(self, field.name) for field in fields(self) if getattr(self, field.name)}
        hidden = {"person": HIDDEN} if self.person else {}
        return {**asked, **hidden, **({"ids": sorted(self.ids)} if self.ids else {})}

    def wants(self, letter: Letter) -> bool:
        """Whether a dead letter is one of these."""
        return (
            self.kind in (None, letter["kind"])
            and self.status in (None, (letter["answer"] or {}).get("status"))
            and (self.reason or "").casefold() in letter["reason"].casefold()
            and self._in_time(letter)
            and self._of_event(letter["event"])
            and (not self.ids or not self.ids.isdisjoint(names_of(letter)))
        )

    def _in_time(self, letter: Letter) -> bool:
        died_ms = int(entry_of(letter).partition("-")[0])
        return (self.since_ms or 0) <= died_ms and (self.until_ms is None or died_ms <= self.until_ms)

    def _of_event(self, event: Any) -> bool:
        if self.event is None and self.person is None:
            return True
        if not isinstance(event, dict):
            return False
        persons = (event.get("user_id"), event.get("anonymous_id"))
        return self.event in (None, called(event)) and (self.person is None or self.person in persons)


@dataclass(frozen=True, slots=True)
class Found:
    """A dead letter and where it lies: ``klaviyo`` or ``inbox/store``, its stream, its entry there."""

    place: str
    entry: str
    letter: Letter


def called(event: Mapping[str, Any]) -> str:
    """What an event is called: a track event by its name, any other by its type."""
    return str(event.get("event") or event.get("type"))


def names_of(letter: Letter) -> set[str]:
    """Every name an operator may call a letter by."""
    event = letter["event"]
    message_id = event.get("message_id") if isinstance(event, dict) else None
    return {letter["id"], entry_of(letter), str(message_id)}


def entry_of(letter: Letter) -> str:
    """A letter's entry in its stream."""
    return str(letter["id"]).rpartition("/")[2]


def select(where: Mapping[str, str], wanted: Filter) -> Iterator[Found]:
    """Dead letters of these places, place after place, the oldest first; those that come meanwhile are left out."""
    ends = {place: newest(stream) for place, stream in where.items()}
    for place, stream in where.items():
        for entry, values in _entries(place, stream, wanted, ends[place]):
            letter = read(place, entry, values)
            if wanted.wants(letter):
                yield Found(place, entry, letter)


def _entries(place: str, stream: str, wanted: Filter, end: str) -> Iterator[Entry]:
    if wanted.ids and all(map(is_entry, wanted.ids)):
        entries = {name.rpartition("/")[2] for name in wanted.ids if name.rpartition("/")[0] in ("", place)}
        for entry in sorted(entries, key=order):
            found: Any = redis().xrange(stream, entry, entry)
            yield from ((entry, values) for _, values in found)
        return
    yield from oldest_first(stream, str(wanted.since_ms or "-"), end)


def stream_at(place: str) -> str:
    """The stream of a place."""
    return keys.inbox_dead(pipeline_of(place)) if is_inbox(place) else keys.dead(place)


def ledger_at(place: str) -> str:
    """The ledger in which a place's dead letters are counted."""
    return keys.pipeline_ledger(pipeline_of(place)) if is_inbox(place) else keys.ledger(place)


def is_inbox(place: str) -> bool:
    """Whether a place is a pipeline's inbox."""
    return place.startswith(f"{INBOX}/")


def pipeline_of(place: str) -> str:
    """The pipeline of an inbox."""
    return place.removeprefix(f"{INBOX}/")
