"""Slots: an integration takes only its share of a worker's, so that a slow vendor leaves room for the others."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from workers.process import per_process
from workers.settings import settings

SENDERS = 128
FAN_OUT = 16
"""So many of the senders at once an integration may have, so that slow vendors leave some for the others."""


QUICK_MS = 10
"""A vendor that answers sooner gets no helpers: requests are then mostly our own CPU, of which two threads have no more
than one. With 100 integrations helpers cost half as much again (717 µs an event without, 1,070 with)."""

LATEST = 8


class Slots:
    """This process's shares: half of its slots an integration, and of a pool of threads that help it to send."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, int] = {}
        self._helping: dict[str, int] = {}
        self._took: dict[str, deque[float]] = {}
        self.senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="send")

    @contextmanager
    def share(self, name: str) -> Iterator[bool]:
        """Take a slot for as long as the block runs; False when the integration has its share."""
        with self._lock:
            free = self._taken.get(name, 0) < max(1, settings().slots // 2)
            self._taken[name] = self._taken.get(name, 0) + free
        try:
            yield free
        finally:
            with self._lock:
                self._taken[name] -= free

    @contextmanager
    def helpers(self, name: str, wanted: int) -> Iterator[int]:
        """How many of the senders an integration may have, for as long as the block runs."""
        with self._lock:
            granted = 0 if self._quick(name) else min(wanted, FAN_OUT - self._helping.get(name, 0))
            self._helping[name] = self._helping.get(name, 0) + granted
        try:
            yield granted
        finally:
            with self._lock:
                self._helping[name] -= granted

    def took(self, name: str, milliseconds: float) -> None:
        """Note how long a request of an integration took."""
        with self._lock:
            self._took.setdefault(name, deque(maxlen=LATEST)).append(milliseconds)

    def _quick(self, name: str) -> bool:
        """Whether the quickest of an integration's latest requests was quick; a busy worker's others may seem slow."""
        return min(self._took.get(name, ()), default=QUICK_MS) < QUICK_MS


@per_process
def slots() -> Slots:
    """This process's slots."""
    return Slots()
