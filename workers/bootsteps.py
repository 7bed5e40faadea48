"""What a Celery worker of ours does besides running tasks: it beats, and it follows the list of integrations."""

from __future__ import annotations

from typing import Any

import structlog
from celery import bootsteps
from celery.signals import task_failure

from workers import formats, sentry
from workers.connection import redis, wait_for_redis
from workers.errors import UnknownFormat
from workers.heartbeat import Heartbeat
from workers.registry import registry
from workers.soundness import weaknesses

TELL_EVERY = 0.25

log = structlog.get_logger(__name__)


def check_format() -> None:
    """End a worker that does not know the format of the fleet's data, saying so."""
    try:
        formats.check(redis())
    except UnknownFormat as error:
        log.critical(str(error))
        raise SystemExit(1) from error


class Heart(bootsteps.StartStopStep):
    """Run the heartbeat beside the worker, from start to stop."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        sentry.start("worker")
        task_failure.connect(sentry.task_failed)
        wait_for_redis()
        check_format()
        registry().check_secret_keys()
        for weakness in weaknesses(redis()):
            log.warning(weakness)
        self.heartbeat = Heartbeat()

    def start(self, worker: Any) -> None:
        """Start beating."""
        self.heartbeat.start()

    def stop(self, worker: Any) -> None:
        """Stop beating; another worker's heart goes on."""
        self.heartbeat.stop()


class Telling(bootsteps.StartStopStep):
    """Tell Flower of tickets a few times a second, not of each step of each: that took a quarter of a ticket's CPU."""

    requires = ("celery.worker.consumer.events:Events",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self.timer: Any = None

    def start(self, consumer: Any) -> None:
        """Gather events from now on. After a reconnect Celery starts the step anew, with another dispatcher."""
        consumer.event_dispatcher.on_send_buffered = None
        self.timer = consumer.timer.call_repeatedly(TELL_EVERY, consumer.event_dispatcher.flush)

    def stop(self, consumer: Any) -> None:
        """Tell what is left."""
        if self.timer:
            self.timer.cancel()
            consumer.event_dispatcher.flush()


class Consuming(bootsteps.StartStopStep):
    """Consume the queue of every integration this worker can use, unless it was started with ``-Q``.

    One that it cannot read, for want of the secret key or of a newer release, is left to workers that can.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self.timer: Any = None
        self.ours: set[str] = set()
        self.told_which = consumer.app.amqp.queues._consume_from is not None

    def start(self, consumer: Any) -> None:
        """Follow the list from now on. After a reconnect Celery starts the step anew."""
        if not self.told_which:
            self.ours.clear()
            self.timer = consumer.timer.call_repeatedly(0.5, self.follow, (consumer,))

    def stop(self, consumer: Any) -> None:
        """Stop following."""
        if self.timer:
            self.timer.cancel()

    def follow(self, consumer: Any) -> None:
        """Add the queues of new integrations and cancel those of removed ones."""
        wanted = set(registry().usable)
        for queue in sorted(wanted - self.ours):
            consumer.add_task_queue(queue)
        for queue in sorted(self.ours - wanted):
            consumer.cancel_task_queue(queue)
        self.ours = wanted
