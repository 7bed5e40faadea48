"""Publish tickets. Celery is imported at the first one, so that a producer that needs none stays light."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import structlog
from kombu.exceptions import OperationalError

from workers import keys

log = structlog.get_logger(__name__)

GATHERED_SECONDS = 0.1
"""So long the router may go on before it publishes. Whoever gets a ticket then finds more than its first few events:
with 100 integrations that halves the tickets, and the router is not kept from routing by those it called."""

_thread = threading.local()


@contextmanager
def gathered() -> Iterator[None]:
    """Publish what this thread wants published a moment later, together; at the end of the block at the latest.

    A crash before leaves marked queues without a ticket, as one between the marking and the publishing does anyway.
    """
    _thread.wanted, _thread.since = [], time.monotonic()
    try:
        yield
    finally:
        wanted, _thread.wanted = _thread.wanted, None
        _publish(wanted)


def publish(queues: Iterable[str]) -> None:
    """Publish a ticket for each queue.

    A broker that is away is logged and no more: the mark of an unpublished ticket runs out within seconds, and the
    heartbeat issues a new one.
    """
    wanted = getattr(_thread, "wanted", None)
    if wanted is None:
        _publish(queues)
        return
    if not wanted:
        _thread.since = time.monotonic()
    wanted.extend(queues)
    if time.monotonic() > _thread.since + GATHERED_SECONDS:
        publish_gathered()


def publish_gathered() -> None:
    """Publish what this thread has gathered: it is about to wait."""
    if wanted := getattr(_thread, "wanted", None):
        _thread.wanted = []
        _publish(wanted)


def _publish(queues: Iterable[str]) -> None:
    for queue in queues:
        try:
            send(queue)
        except OperationalError as error:
            log.warning("ticket not published; the heartbeat will issue another", queue=queue, error=str(error))


def send(queue: str) -> None:
    """Publish one ticket, shown as ``route``, ``replays`` or ``deliver.<integration>``."""
    from workers.app import app  # noqa: PLC0415  # Celery takes a third of a second to import

    ours = queue in (keys.ROUTE, keys.REPLAYS)
    # Its consumers declare a queue: declaring it on each of a process's connections costs 1 ms a queue and connection.
    routing = {"queue": keys.ROUTE if ours else queue, "declare": (), "ignore_result": True}
    routing |= {"argsrepr": "", "kwargsrepr": ""}
    if ours:
        app.send_task(queue, **routing)
    else:
        app.send_task("deliver", args=(queue,), shadow=f"deliver.{queue}", **routing)
