"""What Celery, kombu and billiard do that this fleet cannot live with, mended where they do it. Imported by the app.

Each is sound here because a ticket may be lost: the heartbeat issues another.
"""

from __future__ import annotations

import os
import time
from typing import Any

from billiard import pool
from celery.concurrency import asynpool
from celery.signals import worker_process_shutdown
from kombu.transport.redis import Channel

BRIEFLY = 0.02


def install() -> None:
    """Mend them, in this process and the children it will fork."""
    # Restoring unacknowledged tickets makes a worker exit when Redis goes away while it holds some (kombu 5.7).
    Channel.do_restore = False
    # A child that ends waits up to 30 s (300 looks) until its parent has read all its results, and a parent that stops
    # may not read them any more (billiard 4.3, Worker._ensure_messages_consumed).
    pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = 0
    # A parent that stops sleeps half a second per child and look (Celery 5.7, ResultHandler._flush_outqueue).
    asynpool.sleep = _sleep_briefly
    # A child that ends sleeps for a second after its last word (billiard 4.3, Worker._do_exit).
    worker_process_shutdown.connect(_end_at_once)


def _sleep_briefly(seconds: float) -> None:
    time.sleep(min(seconds, BRIEFLY))


def _end_at_once(exitcode: int | None = None, **_: Any) -> None:
    os._exit(exitcode or 0)
