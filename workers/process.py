"""Things of which every process has its own: connections, threads, caches. A forked child starts with none."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Thing = TypeVar("Thing")

_things: dict[Callable[[], Any], Any] = {}
_lock = threading.RLock()


def per_process(make: Callable[[], Thing]) -> Callable[[], Thing]:
    """Decorate a maker: the first call in a process makes the thing, later ones return it."""

    @wraps(make)
    def the_one() -> Thing:
        try:
            return _things[make]  # type: ignore[no-any-return]
        except KeyError:
            with _lock:
                if make not in _things:
                    _things[make] = make()
                return _things[make]  # type: ignore[no-any-return]

    return the_one


def forget() -> None:
    """Forget what was made; the next call makes it anew. For settings that changed, and for a child of a fork: it
    shares no socket and no thread with its parent, and the parent may have held the lock.
    """
    global _lock  # noqa: PLW0603
    _lock = threading.RLock()
    _things.clear()


os.register_at_fork(after_in_child=forget)
