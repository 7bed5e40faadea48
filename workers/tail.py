"""Tail: follow the samples of deliveries as workers leave them."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import orjson

from workers import keys
from workers.connection import redis
from workers.registry import Registry
from workers.streams import newest, newest_first, order

BLOCK_MS = 1_000

Sample = dict[str, Any]
"""One exchange with a vendor, masked, as ``workers.samples.shown`` makes it."""

Placed = tuple[tuple[int, int], Sample]
"""A sample with its place in time."""


class Tail:
    """A place in the samples of some integrations, or, with ``only`` None, of all, those to come included."""

    def __init__(self, fleet: Registry, only: str | None = None) -> None:
        self._fleet = fleet
        self._only = only
        self._after: dict[str, str] = {}

    def latest(self, count: int) -> list[Sample]:
        """The latest samples, in order of time; those after them are followed."""
        self._after = {name: newest(keys.samples(name)) for name in self._names()}
        several = [_backwards(keys.samples(name), last) for name, last in self._after.items()]
        merged = heapq.merge(*several, key=lambda pair: pair[0], reverse=True)
        return [sample for _, sample in islice(merged, count)][::-1]

    def follow(self) -> Iterator[Sample]:
        """Samples as they come, without end."""
        while True:
            self._fleet.refresh()
            yield from self.more(BLOCK_MS)

    def more(self, block_ms: int) -> list[Sample]:
        """Samples since the last look, waiting for the first up to ``block_ms``."""
        streams: dict[Any, Any] = {keys.samples(name): self._after.setdefault(name, "0-0") for name in self._names()}
        if not streams:
            time.sleep(block_ms / 1000)
            return []
        found: list[Placed] = []
        answer: Any = redis().xread(streams, count=100, block=block_ms)
        for stream, entries in answer or ():
            self._after[stream.decode().removeprefix(keys.samples(""))] = entries[-1][0].decode()
            found += [_placed(identifier.decode(), fields) for identifier, fields in entries]
        return [sample for _, sample in sorted(found, key=lambda pair: pair[0])]

    def _names(self) -> list[str]:
        return [self._only] if self._only else list(self._fleet.names)


def _backwards(stream: str, last: str) -> Iterator[Placed]:
    return (_placed(*entry) for entry in newest_first(stream, last))


def _placed(identifier: str, fields: Mapping[bytes, bytes]) -> Placed:
    return order(identifier), orjson.loads(fields[b"sample"])
