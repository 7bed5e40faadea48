"""Serving the application with granian, in processes of its own."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask
from granian import Granian
from granian.constants import Interfaces

from gateway import stopping
from gateway.app import create_app
from gateway.settings import Settings, settings
from workers import garbage, logs
from workers.connection import be_brief

STOP_SECONDS = 10
"""So long requests in hand may take when it is told to end."""


LEAST_SECONDS = 2.0
"""So long it waits for Redis at the least: a live stream asks Redis itself to wait for a second."""


ONCE_MORE = {"max_retries": 1, "interval_start": 0.05}
"""How a ticket is tried again: no caller waits long for a broker, and the heartbeat issues what was not published."""


class WithoutAdvice(logging.Filter):
    """Leaves out granian's advice to have fewer threads: ours wait, for Redis or for what a stream shows."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write a line."""
        return "Python threads, which seems quite high" not in record.getMessage()


LOGGING: dict[str, Any] = {
    "filters": {"advice": {"()": WithoutAdvice}},
    "loggers": {"_granian": {"handlers": [], "propagate": True, "filters": ["advice"]}},
}
"""granian's lines go where all others go."""


def application() -> Flask:
    """The application, in a process that is to answer for long."""
    from workers.app import app as celery  # noqa: PLC0415  # now, or the first ticket would wait for it

    be_brief(max(LEAST_SECONDS, settings().patience))
    options = {**celery.conf.broker_transport_options, "socket_timeout": 1, "socket_connect_timeout": 1}
    celery.conf.update(task_publish_retry_policy=ONCE_MORE, broker_transport_options=options)
    app = create_app()
    stopping.watch()
    garbage.collect_seldom()
    return app


def serve(chosen: Settings) -> None:
    """Answer requests until SIGTERM or Ctrl-C; a process that ends is started again."""
    logs.configure_all()
    Granian(
        "gateway.serve:application",
        factory=True,
        interface=Interfaces.WSGI,
        address=chosen.host,
        port=chosen.port,
        workers=chosen.workers,
        blocking_threads=chosen.threads,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        websockets=False,
        log_dictconfig=LOGGING,
    ).serve()
