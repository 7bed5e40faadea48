"""Publish tickets. Celery is imported at the first one, so that a producer that needs none stays light."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from kombu.exceptions import OperationalError

from workers import keys

log = structlog.get_logger(__name__)


def publish(queues: Iterable[str]) -> None:
    """Publish a ticket for each queue.

    A broker that is away is logged and no more: the mark of an unpublished ticket runs out within seconds, and the
    heartbeat issues a new one.
    """
    for queue in queues:
        try:
            send(queue)
        except OperationalError as error:
            log.warning("ticket not published; the heartbeat will issue another", queue=queue, error=str(error))


def send(queue: str) -> None:
    """Publish one ticket, shown as ``route``, ``replays`` or ``deliver.<integration>``."""
    from workers.app import app  # noqa: PLC0415  # Celery takes a third of a second to import

    ours = queue in (keys.ROUTE, keys.REPLAYS)
    routing = {"queue": keys.ROUTE if ours else queue, "argsrepr": "", "kwargsrepr": "", "ignore_result": True}
    if ours:
        app.send_task(queue, **routing)
    else:
        app.send_task("deliver", args=(queue,), shadow=f"deliver.{queue}", **routing)
