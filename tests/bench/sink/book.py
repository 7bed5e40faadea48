"""What one integration has sent: when each request came, and as much of it as counting needs."""

from __future__ import annotations

import gzip
import re
from array import array

import orjson

SENT = re.compile(rb"[Ss]ent%20[Aa]t=(\d+)|[Ss]ent_?[Aa]t\":\"?(\d+)")
"""The moment that an event of the latency part carries among its properties."""

BATCHING = ("statsig", "launchdarkly")


class Book:
    """One integration's book. ``stamps`` are arrivals in ns of the monotonic clock."""

    def __init__(self, name: str, *, keep: bool) -> None:
        self.vendor = name.partition("-")[0]
        self.stamps = array("q")
        self.raw: list[bytes] = []
        self.keeps = keep or self.vendor in BATCHING

    def records(self) -> int:
        """How many records came; batches are opened for it only now."""
        if self.vendor not in BATCHING:
            return len(self.stamps)
        return sum(len(_records(_body(raw))) for raw in self.raw)

    def delays(self) -> list[float]:
        """For each event that carried its moment: ms from then to its arrival."""
        pairs = zip(self.stamps, self.raw, strict=True)
        return [
            (stamp - int(at or then)) / 1e6
            for stamp, raw in pairs
            for at, then in SENT.findall(_body(raw) if self.vendor in BATCHING else raw)
        ]


def _body(raw: bytes) -> bytes:
    body = raw[raw.index(b"\r\n\r\n") + 4 :]
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def _records(body: bytes) -> list[object]:
    parsed = orjson.loads(body)
    return list(parsed["events"] if isinstance(parsed, dict) else parsed)
