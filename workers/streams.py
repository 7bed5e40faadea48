"""Reading a whole stream, page by page, without keeping Redis busy."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import Any

from workers.connection import redis

PAGE = 500

Flat = tuple[bytes, list[bytes]]
"""An entry as Redis gives it: its id, and its fields and values, one after another."""

Entry = tuple[str, dict[bytes, bytes]]
"""An entry's id and fields."""


def oldest_first(stream: str, start: str = "-", end: str = "+") -> Iterator[Entry]:
    """Entries as they came in, from the one with id ``start`` to the one with id ``end``."""
    while page := _entries(redis().xrange(stream, min=start, max=end, count=PAGE)):
        yield from page
        start = f"({page[-1][0]}"


def newest_first(stream: str, end: str = "+") -> Iterator[Entry]:
    """Entries, the latest first, from the one with id ``end``."""
    while page := _entries(redis().xrevrange(stream, max=end, count=PAGE)):
        yield from page
        end = f"({page[-1][0]}"


def _entries(page: Any) -> list[Entry]:
    return [(identifier.decode(), fields) for identifier, fields in page or ()]


Placed = tuple[str, str, dict[bytes, bytes]]
"""An entry and the place its stream stands for: ``("klaviyo", "17…-0", fields)``. Its id is ``klaviyo/17…-0``."""


def latest(where: Mapping[str, str], before: str | None = None) -> Iterator[Placed]:
    """Entries of several streams, by their places, the latest first: those after the one with id ``before``."""
    place, _, end = (before or "").rpartition("/")
    rows = (_backwards(name, stream, end or "+") for name, stream in where.items())
    for rank, row in heapq.merge(*rows, key=lambda pair: pair[0], reverse=True):
        if not before or rank < (order(end), place):
            yield row


def _backwards(place: str, stream: str, end: str) -> Iterator[tuple[tuple[tuple[int, int], str], Placed]]:
    for identifier, fields in newest_first(stream, end):
        yield (order(identifier), place), (place, identifier, fields)


def newest(stream: str) -> str:
    """The id of the latest entry; ``0-0`` where there is none."""
    last = _entries(redis().xrevrange(stream, count=1))
    return last[0][0] if last else "0-0"


def order(identifier: str) -> tuple[int, int]:
    """An entry's place in time among those of all streams."""
    milliseconds, _, number = identifier.partition("-")
    return int(milliseconds), int(number)
