"""Stumbles: work on a lane that ended in an exception nobody foresaw.

The lane rests, longer each time, instead of being tried again at once and for ever; the log and Sentry are told of the
first in a row, ``fleet status`` of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import sentry_sdk
import structlog

from workers import keys, scripts
from workers.connection import AWAY, redis
from workers.lanes import Lane, release

log = structlog.get_logger(__name__)

KEPT = 300
"""So many characters of an exception are kept."""


@dataclass(slots=True)
class Work:
    """Work on a leased lane: for how long the lane is to rest afterwards (ms), what it adds to the queue's timing, and
    why it went wrong, if it did.
    """

    park_ms: int = 0
    sums: Sequence[scripts.Argument] = ()
    fault: str = ""


@contextmanager
def work_on(lane: Lane) -> Iterator[Work]:
    """Give the lane back however the work on it ends. Only Redis's absence is passed on."""
    work, error = Work(), None
    try:
        yield work
    except AWAY:
        raise
    except Exception as unforeseen:  # noqa: BLE001  # told by _tell
        error, work.fault = unforeseen, f"{type(unforeseen).__name__}: {unforeseen}"[:KEPT]
    finally:
        times = release(lane, work.park_ms, work.sums, work.fault)
    if error:
        _tell(lane, error, times)


def _tell(lane: Lane, error: Exception, times: int) -> None:
    about = {"queue": lane.queue, "lane": lane.member, "times": times}
    if times > 1:
        log.warning("the same lane stumbled again; it rests for longer", error=repr(error), **about)
        return
    log.error("work on a lane ended in an exception nobody foresaw; the lane rests", exc_info=error, **about)
    sentry_sdk.capture_exception(error)


def stumbling(queues: Sequence[str]) -> list[dict[str, Any]]:
    """The lanes of these queues that stumbled when they were worked last: queue, lane, times in a row, error."""
    with redis().pipeline(transaction=False) as pipe:
        for queue in queues:
            pipe.hgetall(keys.stumbles(queue))
        found = pipe.execute()
    return [
        {"queue": queue, "lane": member.decode(), **orjson.loads(text)}
        for queue, lanes in zip(queues, found, strict=True)
        for member, text in sorted(lanes.items())
    ]
