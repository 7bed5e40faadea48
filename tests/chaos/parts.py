"""Further parts of a stage, each a child process: the fault proxy, and the worker on a host of its own making."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from workers.local.parts import Worker
from workers.local.processes import Process, free_port, listens


class Proxy(Process):
    """The fault proxy in front of a port of this machine."""

    def __init__(self, folder: Path, target: int, seed: int, name: str = "proxy") -> None:
        self.port, self._control = free_port(), free_port()
        ports = {"--port": self.port, "--target": target, "--control": self._control, "--seed": seed}
        options = [str(part) for pair in ports.items() for part in pair]
        super().__init__(name, [sys.executable, "-m", "tests.chaos.proxy", *options], folder)

    def start(self) -> Self:
        """Start it and wait until it takes connections and orders."""
        super().start()
        self.wait_until(lambda: listens(self._control), 20)
        return self

    def tell(self, do: str, **how: Any) -> dict[str, int]:
        """Give an order (see ``tests.chaos.proxy``); the counts afterwards."""
        with socket.create_connection(("127.0.0.1", self._control), 10) as line:
            line.sendall(json.dumps({"do": do, **how}).encode() + b"\n")
            with line.makefile() as answers:
                counts: dict[str, int] = json.loads(answers.readline())
                return counts


class Hosted(Worker):
    """A worker started by ``tests.chaos.host``."""

    def __init__(
        self, folder: Path, redis_url: str, *arguments: str, name: str = "worker", env: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(folder, redis_url, *arguments, name=name, env=env)
        python, module, _, *rest = self.command
        self.command = (python, module, "tests.chaos.host", *rest)
