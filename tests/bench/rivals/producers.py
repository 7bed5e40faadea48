"""How other libraries are handed events, each the quickest way its documentation shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from tests.bench.events import Event

VENDOR = "statsig"

Enqueue = Callable[[Sequence[Event]], Any]


def celery(url: str) -> Enqueue:
    """``apply_async`` of each event."""
    from tests.bench.rivals.celery_app import send  # noqa: PLC0415  # reads the environment, which the stage sets

    def enqueue(events: Sequence[Event]) -> None:
        for event in events:
            send.apply_async((VENDOR, event))

    return enqueue


def dramatiq(url: str) -> Enqueue:
    """``send`` of each event: Dramatiq has no bulk call for Redis."""
    from tests.bench.rivals.dramatiq_app import send  # noqa: PLC0415

    def enqueue(events: Sequence[Event]) -> None:
        for event in events:
            send.send(VENDOR, event)

    return enqueue


def rq(url: str) -> Enqueue:
    """``enqueue_many``, which is one pipeline, without results and with JSON."""
    from redis import Redis  # noqa: PLC0415
    from rq import Queue  # noqa: PLC0415
    from rq.serializers import JSONSerializer  # noqa: PLC0415

    queue = Queue("bench", connection=Redis.from_url(url), serializer=JSONSerializer)

    def enqueue(events: Sequence[Event]) -> None:
        jobs = [Queue.prepare_data("tests.bench.rivals.job.send", (VENDOR, event), result_ttl=0) for event in events]
        queue.enqueue_many(jobs)

    return enqueue


def taskiq(url: str) -> Enqueue:
    """``kiq`` of each event, all of a batch at once, through a stream broker."""
    from taskiq_redis import RedisStreamBroker  # noqa: PLC0415

    broker = RedisStreamBroker(url)
    send = broker.task(task_name="send")(_send)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(broker.startup())

    async def all_of(events: Sequence[Event]) -> None:
        await asyncio.gather(*(send.kiq(VENDOR, event) for event in events))

    return lambda events: loop.run_until_complete(all_of(events))


async def _send(vendor: str, event: Event) -> None:
    """Stand for a task: only its name travels."""


PRODUCERS: dict[str, Callable[[str], Enqueue]] = {"celery": celery, "dramatiq": dramatiq, "rq": rq, "taskiq": taskiq}
