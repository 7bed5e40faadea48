"""Other libraries' workers: frozen while a backlog is laid, and thawed."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self

from tests.bench.events import events
from tests.bench.samples import Sample
from tests.bench.stage import Slow, Stage
from workers.local.processes import Process

WARM = 20
LOOK_EVERY = 0.03
STILL, STUCK = 20.0, 60.0
QUIET = ("--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat")
CELERY = ("-m", "celery", "-A", "tests.bench.rivals.celery_app", "worker", *QUIET)
CORES = str(os.cpu_count() or 1)

Enqueue = Callable[[str, dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Rival:
    """Somebody else's workers: the arguments to Python of each process, and how they are handed an event."""

    name: str
    commands: tuple[tuple[str, ...], ...]
    enqueue: Callable[[], Enqueue]


def celery_task() -> Enqueue:
    """How Celery's workers are handed an event."""
    from tests.bench.rivals.celery_app import send  # noqa: PLC0415  # reads the environment, which the stage sets

    return lambda vendor, event: send.apply_async((vendor, event))


def dramatiq_actor() -> Enqueue:
    """How Dramatiq's workers are handed an event."""
    from tests.bench.rivals.dramatiq_app import send  # noqa: PLC0415

    return send.send  # type: ignore[no-any-return]


GEVENT = tuple((*CELERY, "-P", "gevent", "-c", "100", "-n", f"gevent{number}@%h") for number in range(int(CORES)))
PREFORK = (*CELERY, "-P", "prefork", "-c", CORES, "-n", "prefork@%h")
DRAMATIQ = ("-m", "dramatiq", "tests.bench.rivals.dramatiq_app", "--processes", CORES, "--threads", "8")

RIVALS = (
    Rival("celery, gevent", GEVENT, celery_task),
    Rival("celery, prefork", (PREFORK,), celery_task),
    Rival("dramatiq", (DRAMATIQ,), dramatiq_actor),
)


class RivalCrew:
    """A rival's worker processes."""

    def __init__(self, stage: Stage, rival: Rival) -> None:
        self.stage, self.rival = stage, rival
        names = (f"{rival.name.replace(', ', '-')}{number}" for number in range(len(rival.commands)))
        self.members = [
            Process(name, (sys.executable, *command), stage.folder)
            for name, command in zip(names, rival.commands, strict=True)
        ]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.stage.rivals.flushdb()
        with ExitStack() as stack:
            for member in self.members:
                stack.callback(member.stop)
                member.start()
            stack.callback(self._signal, signal.SIGCONT)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def deliver(self, vendor: str, number: int) -> Sample:
        """Send a backlog of so many events to a vendor; what those took that came, ``late`` being the others."""
        self._send(vendor, WARM)
        self._signal(signal.SIGSTOP)
        self._enqueue(vendor, number)
        self.stage.sink.ask("clear")
        meter = self.stage.meter(*self.members)
        self._signal(signal.SIGCONT)
        arrived, idle = self._watch(vendor, number)
        return {**meter.read(arrived, idle), "late": number - arrived}

    def _watch(self, vendor: str, number: int) -> tuple[int, float]:
        """Wait until all came, or, after most did, no more for a while; how many, and since when (s)."""
        arrived, moved = 0, time.monotonic()
        while arrived < number and (idle := time.monotonic() - moved) < (STILL if arrived > number / 2 else STUCK):
            time.sleep(LOOK_EVERY)
            if (now := self.stage.sink.count(vendor)) != arrived:
                arrived, moved = now, time.monotonic()
        if arrived <= number / 2:
            raise Slow(f"{self.rival.name}: {arrived} of {number} events came to {vendor}, and no more in {idle:.0f} s")
        return arrived, time.monotonic() - moved

    def _send(self, vendor: str, number: int) -> None:
        """Send some events and wait for them: the workers are there, and warm."""
        self.stage.sink.ask("clear")
        self._enqueue(vendor, number)
        self.stage.until(lambda: self.stage.sink.count(vendor) >= number, 60, f"{self.rival.name}: workers")

    def _enqueue(self, vendor: str, number: int) -> None:
        enqueue = self.rival.enqueue()
        for event in events(number):
            enqueue(vendor, {**event, "received_at": event["timestamp"]})  # as our producer would have stamped it

    def _signal(self, sign: signal.Signals) -> None:
        for member in self.members:
            os.killpg(member.pid, sign)
