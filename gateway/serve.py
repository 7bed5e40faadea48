"""Serving the application with granian, in processes of its own."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask
from granian import Granian
from granian.constants import Interfaces

from gateway import stopping
from gateway.app import create_app
from gateway.settings import Settings
from workers import garbage, logs

STOP_SECONDS = 10
"""So long requests in hand may take when it is told to end."""


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
    import workers.app  # noqa: F401, PLC0415  # Celery, or the first ticket would wait for it

    app = create_app()
    stopping.watch()
    garbage.collect_seldom()
    return app


def serve(settings: Settings) -> None:
    """Answer requests until SIGTERM or Ctrl-C; a process that ends is started again."""
    logs.configure_all()
    Granian(
        "gateway.serve:application",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        blocking_threads=settings.threads,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        websockets=False,
        log_dictconfig=LOGGING,
    ).serve()
