"""Reading a whole stream, page by page, without keeping Redis busy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workers.connection import redis

PAGE = 500

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


def newest(stream: str) -> str:
    """The id of the latest entry; ``0-0`` where there is none."""
    last = _entries(redis().xrevrange(stream, count=1))
    return last[0][0] if last else "0-0"


def order(identifier: str) -> tuple[int, int]:
    """An entry's place in time among those of all streams."""
    milliseconds, _, number = identifier.partition("-")
    return int(milliseconds), int(number)
