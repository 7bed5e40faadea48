"""Enqueue: hand in events. When the call returns, Redis has kept them all; when it raises, it has kept none."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

from redis import Redis
from redis.exceptions import OutOfMemoryError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from schemas import moment
from schemas.event import Event, InvalidEvent, load_encoded
from workers import formats, keys, scripts, tickets
from workers.connection import AWAY, borrow, give_back
from workers.errors import Away, Full, NotDurable, NotKept, Refused, UnknownPipeline
from workers.process import per_process
from workers.settings import settings

PATIENCE = 10.0

Encoded = tuple[Event, bytes]
"""An accepted event, and the JSON that is kept of it."""


def lane_of(event: Mapping[str, Any], lanes: int) -> int:
    """The lane of an event's enqueue key, kept to the end of the road: ``crc32(anonymous_id or user_id) mod lanes``."""
    return crc32((event.get("anonymous_id") or event["user_id"]).encode()) % lanes


class Producer:
    """A way into one fleet. Thread-safe; make one a process and keep it.

    ``patience``: seconds to keep trying while Redis is not to be reached.
    """

    def __init__(self, redis_url: str | None = None, patience: float = PATIENCE) -> None:
        self._url = redis_url or settings().redis_url
        self._lanes = 0
        self._patience = patience
        self._retrying = Retrying(
            retry=retry_if_exception_type(AWAY), wait=wait_random_exponential(0.05, max=1), reraise=True
        )

    def enqueue(
        self, events: Iterable[Mapping[str, Any]], pipeline: str = "default", *, durable: bool = False
    ) -> list[str]:
        """Keep events, all or none; their message ids, in order.

        ``durable`` waits until Redis has them on its disk, not in its memory alone. That needs Redis 7.2 or newer with
        ``appendonly yes``, and takes up to a second with ``appendfsync everysec``. ``NotDurable`` when that is not
        known within ``FLEET_DURABLE_SECONDS``: the events are kept all the same.

        Raises ``Refused`` (every fault of every event), ``UnknownPipeline``, ``Full`` or ``Away``: all are ``NotKept``.
        Calling again with the same ``message_id`` is safe: the router drops a repeated one for 24 hours.
        """
        accepted = accept(events)
        if accepted:
            self.keep(accepted, pipeline, durable=durable)
        return [event["message_id"] for event, _ in accepted]

    def keep(self, events: list[Encoded], pipeline: str, *, durable: bool = False) -> None:
        """Keep events that were accepted before, all or none. Raises as ``enqueue``, but not ``Refused``."""
        try:
            connection, wanted = self._try(events, pipeline)
        except AWAY as error:
            raise Away(f"not kept: Redis did not answer ({error}); check FLEET_REDIS_URL and try again") from error
        if wanted:
            tickets.publish([keys.ROUTE])
        try:
            if durable:  # what is to be on disk is what this connection has written
                wait_for_disk(connection)
        finally:
            give_back(self._url, connection)

    def _try(self, events: list[Encoded], pipeline: str) -> tuple[Redis, int]:
        """Append, again and again while Redis is away. Not with tenacity at once: that costs a tenth of one event."""
        began = time.monotonic()
        try:
            return self._over_one_connection(events, pipeline)
        except AWAY as error:
            left = self._patience - (time.monotonic() - began)
            if left <= 0 and isinstance(error, RedisTimeoutError):
                raise  # silence took all the time there is; a connection that was cut costs none
            return self._retrying.copy(stop=stop_after_delay(left))(self._over_one_connection, events, pipeline)

    def _over_one_connection(self, events: list[Encoded], pipeline: str) -> tuple[Redis, int]:
        """Append; the connection that it went by, to be given back, and whether a ticket is wanted."""
        connection = borrow(self._url)
        try:
            return connection, self._append(events, pipeline, connection)
        except BaseException:
            give_back(self._url, connection)
            raise

    def _append(self, events: list[Encoded], pipeline: str, redis: Redis) -> int:
        try:
            return self._script(events, pipeline, redis)
        except OutOfMemoryError as error:
            raise Full("not kept: Redis is out of memory; try again when deliveries have made room") from error
        except ResponseError as error:
            word, _, rest = str(error).partition(" ")
            if word != "LANES":
                raise _refusal(word, rest, error) from error
            self._lanes = _lanes_in_force(rest, redis)
            return self._script(events, pipeline, redis)

    def _script(self, events: list[Encoded], pipeline: str, redis: Redis) -> int:
        lanes = self._lanes or settings().lanes
        by_lane: defaultdict[int, list[bytes]] = defaultdict(list)
        for event, body in events:
            by_lane[lane_of(event, lanes)].append(body)
        names = [keys.FLEET, keys.PIPELINES, keys.agenda(keys.ROUTE), keys.ticketed(keys.ROUTE)]
        names += [keys.pipeline_ledger(pipeline), *(keys.inbox(pipeline, lane) for lane in by_lane)]
        arguments: list[scripts.Argument] = [pipeline, lanes, settings().ticket_ms, settings().full_percent]
        arguments.append(keys.FORMAT)
        for lane, bodies in by_lane.items():
            arguments += [f"{pipeline}/{lane}", len(bodies), *bodies]
        return int(scripts.call(redis, "enqueue", names, arguments))


def wait_for_disk(redis: Redis) -> None:
    """Wait until Redis has on its disk what this connection has sent; ``NotDurable`` when it does not say so."""
    kept = "the events are kept, but not known to be on disk"
    try:
        local, _ = redis.waitaof(1, 0, int(settings().durable_seconds * 1000))
    except AWAY as error:
        raise NotDurable(f"{kept}: Redis went away ({error})") from error
    except ResponseError as error:
        remedy = "durable needs Redis 7.2 or newer with appendonly yes"
        raise NotDurable(f"{kept}: {remedy} (Redis says: {error})") from error
    if not local:
        raise NotDurable(f"{kept}: Redis did not write them within {settings().durable_seconds:g} s")


def accept(events: Iterable[Mapping[str, Any]]) -> list[Encoded]:
    """Validate and normalise; raise ``Refused`` with every fault of every event."""
    accepted, faults, received_at = [], [], moment.now()
    for position, raw in enumerate(events):
        try:
            accepted.append(load_encoded(raw, received_at=received_at))
        except InvalidEvent as error:
            faults += [f"events[{position}].{fault}" for fault in error.faults]
    if faults:
        raise Refused(faults)
    return accepted


def _lanes_in_force(told: str, redis: Redis) -> int:
    if told == "0":
        formats.check(redis)
        raise UnknownPipeline("not kept: nothing is installed in this Redis yet; run: fleet apply FILE")
    return int(told)


def _refusal(word: str, rest: str, error: ResponseError) -> NotKept:
    if word == "PIPELINE":
        return UnknownPipeline(f"not kept: there is no pipeline {rest!r}; add it with: fleet apply FILE")
    if word == "FORMAT":
        return formats.unknown(int(rest))
    if word == "FULL":
        return Full(f"not kept: Redis is {rest} % full; try again when deliveries have made room")
    return NotKept(f"not kept: Redis refused ({error})")


@per_process
def producer() -> Producer:
    """This process's producer, made at its first use."""
    return Producer()
