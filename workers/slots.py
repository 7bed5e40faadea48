"""Slots: an integration takes only its share of a worker's, so that a slow vendor leaves room for the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from workers.process import per_process
from workers.settings import settings

FAN_OUT = 16


class Slots:
    """This process's shares: half of its slots an integration, and a pool of threads each to send with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, int] = {}
        self._pools: dict[str, ThreadPoolExecutor] = {}

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

    def senders(self, name: str) -> ThreadPoolExecutor:
        """The threads that send for an integration beside those that work its lanes."""
        with self._lock:
            if name not in self._pools:
                self._pools[name] = ThreadPoolExecutor(FAN_OUT, thread_name_prefix=f"send-{name}")
            return self._pools[name]


@per_process
def slots() -> Slots:
    """This process's slots."""
    return Slots()
