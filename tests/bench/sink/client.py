"""The sink as a child process, and questions to it."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any, Self

import orjson

from workers.local.processes import Process, free_port, listens


class Sink(Process):
    """The stand-in for all vendors."""

    def __init__(self, folder: Path) -> None:
        self.port, self._control = free_port(), free_port()
        super().__init__("sink", [sys.executable, "-m", "tests.bench.sink", str(self.port), str(self._control)], folder)

    def start(self) -> Self:
        """Start it and wait until it takes connections."""
        super().start()
        self.wait_until(lambda: listens(self._control), 20)
        return self

    def url(self, name: str) -> str:
        """The ``base_url`` of an integration called so."""
        return f"http://127.0.0.1:{self.port}/{name}"

    def ask(self, question: str, **how: Any) -> Any:
        """Ask one of the questions of ``Books``."""
        with socket.create_connection(("127.0.0.1", self._control), 60) as line:
            line.sendall(orjson.dumps({"ask": question, **how}) + b"\n")
            with line.makefile("rb") as answers:
                return orjson.loads(answers.readline())

    def count(self, name: str) -> int:
        """How many requests of an integration came."""
        return int(self.ask("counts").get(name, 0))
