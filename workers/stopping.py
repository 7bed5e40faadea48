"""Stopping: a worker that was told to end finishes the requests in hand, gives its lanes back, and goes.

Celery's warm shutdown waits for running tickets, and a ticket is about a second of work, or as long as its slowest
requests: so tickets look at a flag before each further request. The flag lies in memory that forked children share.
"""

from __future__ import annotations

import mmap
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import structlog

from workers import keys, scripts
from workers.connection import AWAY, redis
from workers.registry import registry
from workers.waker import summon

log = structlog.get_logger(__name__)

_flag = mmap.mmap(-1, 1)
_child = False
_told = False


def stop(**_: Any) -> None:
    """Begin to stop: this process and its children send no further request. Celery's ``worker_shutting_down``."""
    _flag[0] = 1


def stopping() -> bool:
    """Whether this process is to end: nothing new may be begun."""
    return _flag[0] == 1 or _told


def be_child(**_: Any) -> None:
    """Remember that this process is a child of the prefork pool. Celery's ``worker_process_init``."""
    global _child  # noqa: PLW0603
    _child = True


@contextmanager
def in_hand() -> Iterator[None]:
    """Work on one ticket. In a child of the prefork pool SIGTERM waits for its end, which it hastens.

    Celery lets SIGTERM end a child at once; sent to the whole process group it would leave every request in doubt.
    """
    if not _child:
        yield
        return
    former = signal.signal(signal.SIGTERM, _note)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
        if _told and not _flag[0]:  # a parent that stops ends its children itself
            os.kill(os.getpid(), signal.SIGTERM)


def _note(_sign: int, _frame: FrameType | None) -> None:
    global _told  # noqa: PLW0603
    _told = True


def hand_over(**_: Any) -> None:
    """Issue new tickets for all that is due: those that this worker held go with it. Celery's ``worker_shutdown``."""
    try:
        queues = [keys.ROUTE, keys.REPLAYS, *registry().names]
        scripts.call(redis(), "discard", [keys.ticketed(queue) for queue in queues], ())
        summon(queues)
    except AWAY as error:
        log.warning("tickets not handed over; the heartbeat of another worker will issue new ones", error=str(error))
