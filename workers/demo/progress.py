"""How far a run has come: what is decided, how fast, and whether anything still moves."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from workers.ledger import Status

Row = Mapping[str, Any]
"""One integration of a status."""

WINDOW = 3.0
"""Seconds over which a rate is taken."""


def left_out(row: Row) -> dict[str, int]:
    """Events that were not to be delivered, by reason: filtered before they were accepted, or dropped after."""
    reasons = dict(row["filtered"])
    for reason, count in row["dropped"].items():
        reasons[reason] = reasons.get(reason, 0) + count
    return reasons


def decided(row: Row) -> int:
    """Events whose fate at this integration is known."""
    delivered: int = row["delivered"]
    dead: int = row["dead"]
    return delivered + dead + sum(left_out(row).values())


def all_decided(status: Status) -> int:
    """Fates known, over all integrations; an event that is invalid or came twice has one at each."""
    rows = status["integrations"].values()
    invalid: int = status["invalid"]
    return sum(decided(row) for row in rows) + invalid * len(rows)


def waiting(row: Row) -> int:
    """Events that will be tried, now or later."""
    return int(row["waiting"] + row["aside"])


class Progress:
    """Follows a run of ``events`` events, one status after another."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.started = self.moved = time.monotonic()
        self.status: Status = {}
        self._last: dict[str, float] = {}
        self._recent: deque[tuple[float, dict[str, int]]] = deque()

    def note(self, status: Status) -> None:
        """Take in a new status."""
        now = time.monotonic()
        if self._tally(status) != self._tally(self.status):
            self.moved = now
        sent = {name: row["delivered"] for name, row in status["integrations"].items()}
        before = self._recent[-1][1] if self._recent else {}
        self._last.update({name: now for name, count in sent.items() if count != before.get(name, 0)})
        self._recent.append((now, sent))
        while self._recent[0][0] < now - WINDOW and len(self._recent) > 2:
            self._recent.popleft()
        self.status = status

    @staticmethod
    def _tally(status: Status) -> tuple[int, int, int] | None:
        return (status["received"], status["inbox_waiting"], all_decided(status)) if status else None

    @property
    def total(self) -> int:
        """How many fates there will be."""
        return self.events * len(self.status.get("integrations", ()))

    @property
    def done(self) -> int:
        """How many fates are known."""
        return all_decided(self.status) if self.status else 0

    @property
    def finished(self) -> bool:
        """Whether every event came in and nothing waits any more."""
        status = self.status
        if not status or status["received"] < self.events or status["inbox_waiting"]:
            return False
        return not any(waiting(row) for row in status["integrations"].values())

    @property
    def seconds(self) -> float:
        """Since the first event was enqueued."""
        return time.monotonic() - self.started

    @property
    def still(self) -> float:
        """Seconds since anything moved."""
        return time.monotonic() - self.moved

    def rate(self, name: str) -> float:
        """Deliveries a second of an integration: lately."""
        (then, before), (now, after) = self._recent[0], self._recent[-1]
        return (after[name] - before.get(name, 0)) / (now - then) if now > then else 0.0

    def average(self, name: str) -> float:
        """Deliveries a second of an integration: from the start to its last one."""
        seconds = self._last.get(name, self.started) - self.started
        delivered = self.status["integrations"][name]["delivered"]
        return float(delivered / seconds) if seconds > 0 else 0.0
