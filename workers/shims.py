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
from kombu.transport import redis as kombu_redis
from kombu.transport.virtual import QoS
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import ConnectionError as RedisConnectionError

BRIEFLY = 0.02
WRITES = ("LPUSH", "SADD")
WELCOME = "#!lua flags=allow-oom\n"
DESPITE_FULL = f"{WELCOME}return redis.call(unpack(ARGV))"


def install() -> None:
    """Mend them, in this process and the children it will fork."""
    # Unacknowledged tickets are not worth keeping in Redis: the writes are refused by a full one, which ends the
    # worker, and so does restoring them when Redis goes away while it holds some (kombu 5.7, Channel.close).
    kombu_redis.Channel.QoS = Unkept
    kombu_redis.Channel.do_restore = False
    # A thread may publish by a channel that another one has just closed because Redis went away; the AttributeError it
    # gets is no reason to end for a worker, nor to give a ticket up (kombu 5.7, Channel._connparams).
    kombu_redis.Channel._connparams = _connparams
    # Without tickets no work: a full Redis takes them, so that deliveries can make room.
    kombu_redis.Channel._get_client = lambda _: Welcome
    kombu_redis.REFRESH_BINDING = WELCOME + kombu_redis.REFRESH_BINDING
    # A child that ends waits up to 30 s (300 looks) until its parent has read all its results, and a parent that stops
    # may not read them any more (billiard 4.3, Worker._ensure_messages_consumed).
    pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = 0
    # A parent that stops sleeps half a second per child and look (Celery 5.7, ResultHandler._flush_outqueue).
    asynpool.sleep = _sleep_briefly
    # A child that ends sleeps for a second after its last word (billiard 4.3, Worker._do_exit).
    worker_process_shutdown.connect(_end_at_once)


class Unkept(kombu_redis.QoS):
    """Unacknowledged tickets, known to this process alone."""

    def append(self, message: Any, delivery_tag: str) -> None:
        """Remember one."""
        QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """It is being worked."""
        QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:  # noqa: ARG002  # kombu's
        """It is not wanted; nobody gets it again."""
        QoS.ack(self, delivery_tag)

    def restore_visible(self, *_: Any, **__: Any) -> None:
        """There are none to restore."""


class _Written:
    """Runs the few writes of a ticket's way inside a script that a full Redis lets write."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run one command."""
        if args[0] in WRITES:
            args = ("EVAL", DESPITE_FULL, 0, *args)
        return super().execute_command(*args, **options)  # type: ignore[misc]  # mixed into a client


class Several(_Written, Pipeline):
    """Commands sent together; not MULTI, of which a full Redis refuses even reads."""


class Welcome(_Written, Redis):
    """The client that kombu uses."""

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Several:  # noqa: ARG002
        """A pipeline, never a transaction."""
        return Several(self.connection_pool, self.response_callbacks, False, shard_hint)


_kombus_connparams = kombu_redis.Channel._connparams


def _connparams(channel: Any, asynchronous: bool = False) -> Any:
    """How a channel reaches Redis; one that is closed says so by an error after which kombu and Celery try again."""
    if channel.connection is None:
        raise RedisConnectionError("the channel is closed")
    return _kombus_connparams(channel, asynchronous)


def _sleep_briefly(seconds: float) -> None:
    time.sleep(min(seconds, BRIEFLY))


def _end_at_once(exitcode: int | None = None, **_: Any) -> None:
    os._exit(exitcode or 0)
