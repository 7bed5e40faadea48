"""Few at once: requests that take long, of which a process serves only some at a time. Its threads are for all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.problems import Problem

MOST = 2
PATIENCE = 2.0

_turns = threading.BoundedSemaphore(MOST)


@contextmanager
def slow_turn() -> Iterator[None]:
    """Wait for a turn, not for long."""
    if not _turns.acquire(timeout=PATIENCE):
        message = f"{MOST} such requests are under way; try again later"
        raise Problem(503, "busy", message, headers={"Retry-After": "5"})
    try:
        yield
    finally:
        _turns.release()
