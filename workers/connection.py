"""Connections to Redis: one client a process, made after any fork, that notices a half-open network."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import structlog
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from workers.process import per_process
from workers.settings import settings

log = structlog.get_logger(__name__)

AWAY = (RedisConnectionError, RedisTimeoutError)
"""What redis-py raises when Redis is not to be reached."""


@dataclass(slots=True)
class Manners:
    """How this process waits for Redis: so many seconds for an answer, asking again so often after these faults."""

    seconds: float = 5.0
    retries: int = 3
    repeated: tuple[type[Exception], ...] = AWAY


_manners = Manners()


def be_brief(seconds: float) -> None:
    """Let clients that this process makes from now on wait so long for an answer, once: for one whose callers wait.

    redis-py repeats the check of a connection inside the repeating of a command. Were silence a reason to ask again, a
    Redis that is stopped would hold each caller for a multiple of a multiple.
    """
    _manners.seconds, _manners.retries, _manners.repeated = seconds, 1, (RedisConnectionError,)


def connect(url: str, *, retries: int | None = None, single: bool = False) -> Redis:
    """A client for ``redis://``, ``rediss://`` or ``unix://`` that speaks bytes.

    A ``single`` one has one connection, from the start. Commands are resent up to ``retries`` times when the connection
    breaks; every script of ours bears that.
    """
    seconds, often = _manners.seconds, _manners.retries if retries is None else retries
    wait = {} if url.startswith("unix:") else {"socket_keepalive": True, "socket_connect_timeout": min(3.0, seconds)}
    return Redis.from_url(
        url,
        socket_timeout=seconds,
        health_check_interval=5,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), often, _manners.repeated),
        max_connections=512,
        single_connection_client=single,
        **wait,
    )


@per_process
def redis() -> Redis:
    """This process's client to the fleet's Redis."""
    return connect(settings().redis_url)


@per_process
def _own() -> threading.local:
    return threading.local()


def own() -> Redis:
    """This thread's client to the fleet's Redis, of one connection: a call takes 60 µs of CPU, of a shared pool 90.

    Its XRANGE gives entries as Redis does, ``[id, [field, value, …]]``: making a dict of each takes 0.5 µs more.
    """
    mine = _own()
    try:
        return mine.client  # type: ignore[no-any-return]
    except AttributeError:
        mine.client = connect(settings().redis_url, single=True)
        mine.client.set_response_callback("XRANGE", _entries)
        return mine.client  # type: ignore[no-any-return]


@per_process
def _idle() -> defaultdict[str, list[Redis]]:
    return defaultdict(list)


def borrow(url: str) -> Redis:
    """A client of one connection that nobody else uses until it is given back.

    A pool looks at a connection each time whether it still stands, which is a quarter of what keeping one event costs;
    here who borrows one that broke is told by an ``AWAY`` error, and it connects anew the next time.
    """
    try:
        return _idle()[url].pop()
    except IndexError:
        return connect(url, retries=0, single=True)


def give_back(url: str, client: Redis) -> None:
    """Let others have a borrowed client."""
    _idle()[url].append(client)


def _entries(answer: Any, **_: Any) -> Any:
    return answer


def wait_for_redis() -> None:
    """Wait until Redis answers, saying so once. For what cannot do anything without it, such as a starting worker."""
    retrying = Retrying(
        retry=retry_if_exception_type(AWAY), wait=wait_random_exponential(0.2, max=5), before_sleep=_say
    )
    retrying(redis().ping)


def _say(state: RetryCallState) -> None:
    if state.attempt_number == 1 and state.outcome is not None:
        log.warning("Redis does not answer yet; waiting for it (FLEET_REDIS_URL)", error=str(state.outcome.exception()))
