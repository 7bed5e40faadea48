"""Timing: how long requests took and what events waited for, gathered during a shift and added up in Redis at its end.

The hash ``keys.timing(name)``, all whole numbers:

``requests``, ``http_ms``  answered or failed requests, and how long they took in all
``le:5`` … ``le:inf``      of these, those that took up to so many milliseconds and longer than the next lower bound
``events``                 delivered events, over which the following are summed
``queue_ms``               from their lane's begin of waiting to their first cut, as far as no limit was in the way
``rate_ms``                waiting for permits
``retry_ms``               aside, since the first try in vain, or behind their person

A crash loses a shift's worth: this is no ledger.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque

from workers.flights import Parcel

BOUNDS_MS = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
BUCKETS = tuple(f"le:{bound}" for bound in (*BOUNDS_MS, "inf"))


class Timing:
    """What one shift measured. Several threads may note at once: they only append."""

    def __init__(self) -> None:
        self._requests: deque[float] = deque()
        self._waits: deque[tuple[int, int, int, int]] = deque()

    def request(self, milliseconds: float) -> None:
        """Note how long a request took."""
        self._requests.append(milliseconds)

    def delivered(self, parcel: Parcel, cleared_ms: int, slept_ms: int) -> None:
        """Note what the events of a delivered parcel waited for until it was cleared, after sleeping for permits."""
        number, came = len(parcel.members), [member.came_ms for member in parcel.members]
        if group := parcel.cut.group:
            since = [group.since or moment for moment in came]
            self._waits.append((number, sum(since) - sum(came), 0, cleared_ms * number - sum(since)))
            return
        cut_ms = parcel.cut.now_ms or cleared_ms
        limited_ms = parcel.cut.limited_ms
        limited = sum(cut_ms - max(moment, limited_ms) for moment in came if moment < cut_ms) if limited_ms else 0
        waited = cut_ms * number - sum(came)
        self._waits.append((number, waited - limited, limited + slept_ms * number, 0))

    def taken(self) -> list[str | int]:
        """Fields and what to add to them; noted no longer."""
        sums: Counter[str] = Counter()
        while self._requests:
            milliseconds = self._requests.popleft()
            sums.update({"requests": 1, BUCKETS[bisect_left(BOUNDS_MS, milliseconds)]: 1})
            sums["http_ms"] += milliseconds  # type: ignore[assignment]  # rounded once, below
        while self._waits:
            events, queue_ms, rate_ms, retry_ms = self._waits.popleft()
            sums.update(events=events, queue_ms=queue_ms, rate_ms=rate_ms, retry_ms=retry_ms)
        return [part for name, number in sums.items() if number for part in (name, max(0, round(number)))]
