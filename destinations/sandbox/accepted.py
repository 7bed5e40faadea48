"""The books of one stand-in vendor: every event it kept, and counts of all others."""

from __future__ import annotations

import re
from array import array
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

from destinations.sandbox.exchange import Call, Receipt, Refused

REMEMBERED = 10_000
"""How many discarded events, and how many refused calls, are kept to look at; counts go on."""

PAGE = 1_000


class Accepted:
    """Events in order of arrival, as bytes: a million of them fit in memory.

    ``keep`` decides what of an event stays: ``"all"``, ``"none"``, or a pattern, of which the first match in the
    event's JSON is kept as a string (an id, say).
    """

    def __init__(self) -> None:
        self.keep: re.Pattern[bytes] | str = "all"
        self.clear()

    def clear(self) -> None:
        """Forget every event and count; ``keep`` stays."""
        self.requests = self.accepted = self.deduplicated = self.faulted = self.unanswered = 0
        self.discarded: Counter[str] = Counter()
        self.noted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self._thrown: deque[bytes] = deque(maxlen=REMEMBERED)
        self._refusals: deque[bytes] = deque(maxlen=REMEMBERED)
        self._items: list[bytes] = []
        self._paths: list[str] = []
        self._times = array("d")
        self._requests = array("Q")

    def book(self, call: Call, receipt: Receipt) -> None:
        """Enter what became of a call the vendor took."""
        self.accepted += len(receipt.items)
        self.deduplicated += receipt.deduplicated
        for item in receipt.items:
            self._keep(call, item)
        for reason, item in receipt.discarded:
            self.discarded[reason] += 1
            self._thrown.append(_line(call.at, self.requests, call.path, item, reason))
        for note in receipt.noted:
            self.noted[note] += 1

    def book_refusal(self, call: Call, refusal: Refused) -> None:
        """Enter a call the vendor refused."""
        self.statuses[str(refusal.answer.status)] += 1
        self.refused[refusal.reason] += 1
        shown = orjson.dumps({"status": refusal.answer.status, "answer": refusal.answer.body.decode(errors="replace")})
        self._refusals.append(_line(call.at, self.requests, call.path, shown, refusal.reason))

    def summary(self) -> dict[str, Any]:
        """Counts of everything; events, except ``requests``, ``refused``, ``faulted`` and ``unanswered``: calls."""
        return {
            "requests": self.requests,
            "accepted": self.accepted,
            "deduplicated": self.deduplicated,
            "discarded": dict(self.discarded),
            "noted": dict(self.noted),
            "refused": {"total": self.statuses.total(), "status": dict(self.statuses), "reason": dict(self.refused)},
            "faulted": self.faulted,
            "unanswered": self.unanswered,
        }

    def pages(self, which: str, offset: int, limit: int | None, ids: re.Pattern[bytes] | None) -> Iterator[bytes]:
        """Pieces of one JSON document that lists events; see ``control`` for the parameters."""
        lines, total = self._lines(which, offset, limit, ids)
        yield b'{"total":%d,"offset":%d,"items":[' % (total, offset)
        comma = b""
        while page := list(islice(lines, PAGE)):
            yield comma + b",".join(page)
            comma = b","
        yield b"]}"

    def _lines(
        self, which: str, offset: int, limit: int | None, ids: re.Pattern[bytes] | None
    ) -> tuple[Iterator[bytes], int]:
        if which != "accepted":
            kept = self._thrown if which == "discarded" else self._refusals
            return islice(kept, offset, None if limit is None else offset + limit), len(kept)
        total = len(self._items)
        chosen = range(offset, total if limit is None else min(total, offset + limit))
        if ids is not None:
            return (_found(ids, self._items[index]) for index in chosen), total
        return (self._line(index) for index in chosen), total

    def _line(self, index: int) -> bytes:
        return _line(self._times[index], self._requests[index], self._paths[index], self._items[index])

    def _keep(self, call: Call, item: bytes) -> None:
        if self.keep == "none":
            return
        kept = item if isinstance(self.keep, str) else _found(self.keep, item)
        # orjson's bytes hold on to a buffer of 4 KB or so, however short they are; a copy is as long as it looks.
        self._items.append(memoryview(kept).tobytes())
        self._paths.append(call.path)
        self._times.append(call.at)
        self._requests.append(self.requests)


def _found(pattern: re.Pattern[bytes], item: bytes) -> bytes:
    match = pattern.search(item)
    return b"null" if match is None else orjson.dumps(match.group(match.lastindex or 0).decode(errors="replace"))


def _line(at: float, request: int, path: str, item: bytes, reason: str | None = None) -> bytes:
    why = b"" if reason is None else b'"reason":%b,' % orjson.dumps(reason)
    return b'{"at":%.6f,"request":%d,"path":%b,%b"item":%b}' % (at, request, orjson.dumps(path), why, item)
