"""The parts of a whole fleet on this machine: started together, watched, and stopped in good order."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from workers import apply, configuration, write_keys
from workers.demo.fleet import write_fleet_file
from workers.demo.flower import Flower
from workers.demo.part import Part
from workers.local.parts import Gateway, Sandbox, Worker
from workers.local.processes import Process, listens
from workers.local.server import LocalRedis
from workers.settings import settings

PREFORK_SLOTS = 4
WRITE_KEY = "made by fleet up"
MOST_WORKERS = 8
"""More than these would wait for the one process of all stand-in vendors."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts listen on 127.0.0.1; 0: anywhere. Without a port for the gateway or Flower there is none."""

    redis: int = 0
    sandbox: int = 0
    gateway: int | None = None
    flower: int | None = None


class Parts:
    """Redis, stand-in vendors, Celery workers, perhaps gateway and Flower; an integration of each destination is there.

    >>> with Parts(folder, development_key(), lifted=True) as parts:
    ...     enqueue(...)

    Entering returns when the workers take tickets, and gateway and Flower answer. It sets this process's environment,
    which makes it a producer of this fleet. ``NotReady``, ``NoServer`` or ``FolderInUse`` when a part does not come up,
    ``InvalidFile`` when the configuration file in the folder has faults.
    """

    def __init__(
        self, folder: Path, secret_key: str, *, lifted: bool, pool: str = "threads", ports: Ports = Ports()
    ) -> None:
        self.folder = folder
        self.secret_key = secret_key
        self.lifted = lifted
        self.pool = pool
        self.redis = LocalRedis(folder, ports.redis)
        self.sandbox = Sandbox(folder, ports.sandbox)
        self.gateway: Gateway | None = None
        self.flower = None if ports.flower is None else Flower(folder, ports.flower)
        self._gateway_port = ports.gateway
        self._parts: list[Part] = []
        self._stack = ExitStack()

    @property
    def sandbox_url(self) -> str:
        """Where the stand-in vendors answer."""
        return self.sandbox.url("").rstrip("/")

    def write_key(self) -> str:
        """A new write key for the gateway; the last that was given so is good no more."""
        for former in write_keys.listed("default"):
            if former.name == WRITE_KEY:
                write_keys.revoke("default", former.id)
        return write_keys.create("default", WRITE_KEY)[1]

    @property
    def fleet_file(self) -> Path:
        """The configuration file that is applied."""
        return self.folder / "fleet.yaml"

    def environment(self) -> dict[str, str]:
        """The settings of every process of this fleet."""
        return {
            "FLEET_REDIS_URL": self.redis.url,
            "FLEET_BROKER_URL": self.redis.url,
            "FLEET_SECRET_KEY": self.secret_key,
            "FLEET_SANDBOX_URL": self.sandbox_url,
        }

    def ended(self) -> Iterable[Part]:
        """The parts that should be running and are not."""
        return [part for part in self._parts if not part.process.running]

    def check(self) -> None:
        """``PartEnded`` when one did."""
        for part in self.ended():
            raise part.ended()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def _start(self) -> None:
        self._stack.callback(self.redis.stop)
        self.redis.start()
        self._parts.append(Part("redis", self.folder / "redis.log", self.redis))
        self._join()
        workers = self._workers()
        if self._gateway_port is not None:
            self.gateway = Gateway(self.folder, self.redis.url, self._gateway_port)
        doors = [door for door in (self.gateway, self.flower) if door]
        self._launch([self.sandbox, *workers, *doors])
        self._stack.callback(_tell_to_end, workers)
        self.sandbox.wait_until(lambda: listens(self.sandbox.port), 60)
        for worker in workers:
            worker.wait_until(worker.takes_tickets, 60)
        for door in doors:
            door.wait_until(partial(listens, door.port), 60)

    def _join(self) -> None:
        """Become a process of this fleet, and install its integrations."""
        os.environ.update(self.environment())
        settings.cache_clear()
        path = write_fleet_file(self.fleet_file, lifted=self.lifted)
        apply.carry_out(apply.work_out(configuration.read_file(path)))

    def _workers(self) -> list[Worker]:
        """With threads a process a core; prefork has its own processes."""
        threads = self.pool == "threads"
        count = min(settings().processes, MOST_WORKERS) if threads else 1
        slots = settings().slots if threads else max(PREFORK_SLOTS, settings().processes)
        env = {**self.environment(), "FLEET_POOL": self.pool, "FLEET_SLOTS": str(slots)}
        return [Worker(self.folder, self.redis.url, name=f"worker{n}", env=env) for n in range(1, count + 1)]

    def _launch(self, processes: Iterable[Process]) -> None:
        """Start them all before any is waited for: each takes seconds to import."""
        for process in processes:
            self._stack.callback(process.stop)
            Process.start(process)
            self._parts.append(Part(process.name, process.log, process))


def _tell_to_end(processes: Iterable[Process]) -> None:
    """Let them all finish what they are at, before any is waited for."""
    for process in processes:
        if process.running:
            os.kill(process.pid, signal.SIGTERM)
