"""Ears: a worker that is alive but gets no tickets any more notices it by itself, and ends for its supervisor.

It sends itself a small message every few seconds through the broker, by the connection its tickets come by. One that
the broker took and that does not come back in time means that this worker is deaf, whatever the cause.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import structlog
from celery import bootsteps
from celery.worker import state
from kombu import Consumer, Queue
from kombu.exceptions import OperationalError

from workers import stopping
from workers.connection import AWAY
from workers.hearing import Hearing
from workers.settings import settings

log = structlog.get_logger(__name__)

KEPT_SECONDS = 60
"""How long a broker keeps what a worker that is gone said to itself."""

UNREACHED = (OperationalError, OSError, *AWAY)


class Ears(bootsteps.StartStopStep):
    """Listen to oneself, beside the tickets, anew after each reconnect."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self.queue = Queue(f"ears.{consumer.hostname}", auto_delete=True, durable=False)
        self.app = consumer.app
        self.listener: Any = None
        self.channel: Any = None
        self._hearing = Hearing(consumer.hostname)
        self._unheard_since: float | None = None
        self._ended = threading.Event()
        self._voice: threading.Thread | None = None

    def start(self, consumer: Any) -> None:
        """Listen on the channel that tickets come by; begin to speak."""
        self.channel = consumer.connection.default_channel
        self.listener = Consumer(self.channel, [self.queue], on_message=self._heard, no_ack=True)
        self.listener.consume()
        if self._voice is None:
            self._voice = threading.Thread(target=self._speak, name="ears", daemon=True)
            self._voice.start()

    def stop(self, consumer: Any) -> None:
        """The connection goes, or the worker does. Whoever goes deaf by it keeps speaking, and finds out."""
        self.listener = self.channel = None

    def shutdown(self, consumer: Any) -> None:
        """Speak no more."""
        self._ended.set()
        self._hearing.end()

    def _heard(self, _message: Any = None) -> None:
        """A message came back, or there is a reason why none can."""
        self._unheard_since = None
        self._hearing.well()

    def _speak(self) -> None:
        while not (self._ended.wait(settings().ping_seconds) or stopping.stopping()):
            if self._busy():
                self._heard()
            elif self._unheard_for() > settings().deaf_seconds:
                self._go()
                return
            self._say()

    def _busy(self) -> bool:
        """Whether the worker takes no tickets because it has its hands full: that is not deafness."""
        channel = self.channel
        return bool(channel and not channel.qos.can_consume() and state.reserved_requests)

    def _unheard_for(self) -> float:
        since = self._unheard_since
        return 0.0 if since is None else time.monotonic() - since

    def _say(self) -> None:
        try:
            with self.app.producer_or_acquire() as producer:
                producer.publish({}, exchange="", routing_key=self.queue.name, retry=False, serializer="json")
                expire(producer.channel, self.queue.name)
        except UNREACHED:
            self._heard()  # the broker is away; nobody hears anything
        else:
            self._unheard_since = self._unheard_since or time.monotonic()

    def _go(self) -> None:
        log.error(
            "this worker is deaf: it got no message of its own back, though the broker takes them; it ends",
            seconds=round(self._unheard_for(), 1),
        )
        stopping.stop()
        state.should_stop = 1
        if not self._ended.wait(settings().grace_seconds):
            os._exit(1)


def expire(channel: Any, queue: str) -> None:
    """Let Redis forget what nobody fetched. Other brokers delete the queue when nobody listens."""
    client = getattr(channel, "client", None)
    if client is not None:
        client.expire(queue, KEPT_SECONDS)
