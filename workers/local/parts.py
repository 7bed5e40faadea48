"""The parts of a fleet on one machine, each a child process that is ready when its constructor's ``start`` returns."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self

from workers.local.processes import Process, free_port, listens


class Sandbox(Process):
    """The stand-in vendors, on 127.0.0.1. An integration reaches one by ``base_url: sandbox.url("klaviyo")``."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.port = port or free_port()
        super().__init__("sandbox", [sys.executable, "-m", "destinations.sandbox", "--port", str(self.port)], folder)

    def url(self, vendor: str) -> str:
        """Where this vendor's stand-in answers, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}/{vendor}"

    def start(self, timeout: float = 20.0) -> Self:
        """Start it and wait until it accepts connections. ``NotReady`` when it does not."""
        super().start()
        self.wait_until(lambda: listens(self.port), timeout)
        return self


class Worker(Process):
    """One Celery worker of the fleet, on the Redis at ``redis_url``; ``arguments`` as of ``celery worker``.

    ``name`` tells several apart, in their logs and in Flower. ``env`` adds settings (``FLEET_…``).
    """

    def __init__(
        self, folder: Path, redis_url: str, *arguments: str, name: str = "worker", env: Mapping[str, str] | None = None
    ) -> None:
        command = [sys.executable, "-m", "celery", "-A", "workers.app", "worker"]
        options = ["--loglevel", "INFO", "--hostname", f"{name}@%h", "--without-gossip", "--without-mingle", *arguments]
        super().__init__(name, [*command, *options], folder, env={"FLEET_REDIS_URL": redis_url, **(env or {})})

    def start(self, timeout: float = 30.0) -> Self:
        """Start it and wait until it takes tickets. ``NotReady`` when it does not."""
        super().start()
        self.wait_until(self.takes_tickets, timeout)
        return self

    def takes_tickets(self) -> bool:
        """Whether it has said so: Celery's ``worker@host ready.``"""
        return " ready." in self.output()


class Gateway(Process):
    """The HTTP door of the fleet on the Redis at ``redis_url``, on 127.0.0.1. ``env`` adds settings (``FLEET_…``)."""

    def __init__(self, folder: Path, redis_url: str, port: int = 0, env: Mapping[str, str] | None = None) -> None:
        self.port = port or free_port()
        command = [sys.executable, "-m", "gateway", "--port", str(self.port), "--workers", "1"]
        super().__init__("gateway", command, folder, env={"FLEET_REDIS_URL": redis_url, **(env or {})})

    @property
    def url(self) -> str:
        """Where it answers, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, timeout: float = 30.0) -> Self:
        """Start it and wait until it answers. ``NotReady`` when it does not."""
        super().start()
        self.wait_until(self.answers, timeout)
        return self

    def answers(self) -> bool:
        """Whether it answers requests: it listens a little earlier."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=0.5)
        try:
            line.request("GET", "/healthz")
            return line.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            line.close()
