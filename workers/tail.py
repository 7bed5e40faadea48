"""Tail: follow the samples of deliveries as workers leave them."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import orjson

from workers import keys
from workers.connection import redis
from workers.registry import Registry
from workers.streams import latest, newest, newest_first, order

BLOCK_MS = 1_000

Sample = dict[str, Any]
"""One exchange with a vendor, masked, as ``workers.samples.shown`` makes it, with the ``id`` it is kept under."""

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
        self.begin()
        several = [_backwards(name, last) for name, last in self._after.items()]
        merged = heapq.merge(*several, key=lambda pair: pair[0], reverse=True)
        return [sample for _, sample in islice(merged, count)][::-1]

    def begin(self, last: str = "") -> None:
        """Follow what comes after the entry ``last``, or from now on."""
        self._after = {name: last or newest(keys.samples(name)) for name in self._names()}

    def follow(self) -> Iterator[Sample]:
        """Samples as they come, without end."""
        for samples in self.batches():
            yield from samples

    def batches(self) -> Iterator[list[Sample]]:
        """Samples as they come, several at a time; an empty list when none came for a second. Without end."""
        while True:
            self._fleet.refresh()
            yield self.more(BLOCK_MS)

    def more(self, block_ms: int) -> list[Sample]:
        """Samples since the last look, waiting for the first up to ``block_ms``."""
        streams: dict[Any, Any] = {keys.samples(name): self._after.setdefault(name, "0-0") for name in self._names()}
        if not streams:
            time.sleep(block_ms / 1000)
            return []
        found: list[Placed] = []
        answer: Any = redis().xread(streams, count=100, block=block_ms)
        for stream, entries in answer or ():
            name = stream.decode().removeprefix(keys.samples(""))
            self._after[name] = entries[-1][0].decode()
            found += [_placed(name, identifier.decode(), fields) for identifier, fields in entries]
        return [sample for _, sample in sorted(found, key=lambda pair: pair[0])]

    def _names(self) -> list[str]:
        return [self._only] if self._only else list(self._fleet.names)


def recent(names: Iterable[str], before: str | None = None) -> Iterator[Sample]:
    """Samples of some integrations with their ids, the latest first: those after the one with id ``before``."""
    for name, identifier, fields in latest({name: keys.samples(name) for name in names}, before):
        yield _placed(name, identifier, fields)[1]


def _backwards(name: str, last: str) -> Iterator[Placed]:
    return (_placed(name, *entry) for entry in newest_first(keys.samples(name), last))


def _placed(name: str, identifier: str, fields: Mapping[bytes, bytes]) -> Placed:
    return order(identifier), {"id": f"{name}/{identifier}", **orjson.loads(fields[b"sample"])}
