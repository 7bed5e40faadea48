"""Flower, as a part of a fleet on this machine."""

from __future__ import annotations

import sys
from pathlib import Path

from workers.local.processes import Process, free_port


class Flower(Process):
    """Flower, which shows Celery's workers, queues and tickets in a browser. Its port is free when ``port`` is 0."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port or free_port()
        fleet = [sys.executable, "-c", "from workers.cli import main; main()"]
        super().__init__("flower", [*fleet, "flower", "--port", str(self.port)], folder)

    @property
    def url(self) -> str:
        """Where it is looked at."""
        return f"http://127.0.0.1:{self.port}"
