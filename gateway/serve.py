"""Serving the application with granian, in processes of its own."""

from __future__ import annotations

from granian import Granian
from granian.constants import Interfaces

from gateway.settings import Settings


def serve(settings: Settings) -> None:
    """Answer requests until SIGTERM or Ctrl-C; a process that ends is started again."""
    Granian(
        "gateway.app:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        blocking_threads=settings.threads,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        websockets=False,
    ).serve()
