"""Erase a forgotten person from what is kept for people to look at: dead letters, samples, answers of holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import orjson

from workers import keys, scripts
from workers.connection import redis
from workers.mentions import Wanted
from workers.settings import settings
from workers.streams import Entry, oldest_first
from workers.trace import message_id_of

CHUNK = 100
ERASED = "erased: it spoke of a person who was forgotten"

Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Items in lists of up to so many."""
    left = iter(items)
    while chunk := list(islice(left, size)):
        yield chunk


class Kept:
    """What is kept of one person. ``erased`` counts ``dead``, ``samples``, and ``changed``: letters of others."""

    def __init__(self, wanted: Wanted, erased: Counter[str], progress: Callable[[int], object]) -> None:
        self._wanted = wanted
        self._erased = erased
        self._progress = progress

    def of_pipeline(self, pipeline: str) -> None:
        """Erase dead letters of an inbox."""
        self._letters(keys.inbox_dead(pipeline), "", keys.pipeline_ledger(pipeline))

    def of_integration(self, name: str) -> None:
        """Erase dead letters and samples, and what is noted for a while."""
        self._letters(keys.dead(name), name, keys.ledger(name))
        self._samples(keys.samples(name))
        redis().hdel(keys.health(name), *(f"person:{identifier}" for _, identifier in self._wanted.ids))
        answer: Any = redis().hget(keys.hold(name), "answer")
        if answer and self._wanted.speaks_in(answer.decode()):
            redis().hdel(keys.hold(name), "answer")

    def _letters(self, stream: str, name: str, ledger: str) -> None:
        names = (stream, ledger, keys.FATES, keys.FATES_COUNT)
        for entries in chunks(oldest_first(stream)):
            self._progress(len(entries))
            theirs, changed = self._sorted(entries)
            if theirs or changed:
                arguments: list[scripts.Argument] = [name, settings().fates_kept, len(theirs) // 2]
                gone, others = scripts.call(redis(), "erase_letters", names, [*arguments, *theirs, *changed])
                self._erased["dead"] += gone
                self._erased["changed"] += others

    def _sorted(self, entries: Iterable[Entry]) -> tuple[list[scripts.Argument], list[scripts.Argument]]:
        """The person's own letters, id and message id each, and others' that speak of them, id and new letter each."""
        theirs: list[scripts.Argument] = []
        changed: list[scripts.Argument] = []
        for identifier, fields in entries:
            letter = orjson.loads(fields[b"letter"])
            body = event_of(letter)
            if self._wanted.is_in_raw(body):
                theirs += [identifier, message_id_of(body) or identifier]
            elif self._wanted.exchanged(letter["request"], letter["answer"]):
                changed += [identifier, orjson.dumps(without_exchange(letter))]
        return theirs, changed

    def _samples(self, stream: str) -> None:
        for entries in chunks(oldest_first(stream)):
            self._progress(len(entries))
            if spoken := [identifier for identifier, fields in entries if self._speaks(fields[b"sample"])]:
                self._erased["samples"] += int(redis().xdel(stream, *spoken))

    def _speaks(self, text: bytes) -> bool:
        sample = orjson.loads(text)
        return self._wanted.exchanged(sample["request"], sample["answer"])


def event_of(letter: dict[str, Any]) -> bytes:
    """The event of a dead letter as it was written; of an inbox's letter as it came in."""
    event = letter["event"]
    return event.encode() if isinstance(event, str) else orjson.dumps(event)


def without_exchange(letter: dict[str, Any]) -> dict[str, Any]:
    """Another person's dead letter without the request and answer, which carried the forgotten person too."""
    request = letter["request"] and {**letter["request"], "url": ERASED, "body": ERASED}
    answer = letter["answer"] and {**letter["answer"], "headers": {}, "body": ERASED}
    return {**letter, "request": request, "answer": answer}
