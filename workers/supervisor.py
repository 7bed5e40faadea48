"""The supervisor: keeps Celery worker processes running, one a core, and ends them in good order.

A Celery worker may exit when Redis goes away (kombu 5.7), and any process may be killed. Its events are safe in Redis;
all a supervisor has to do is start it again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FrameType

import structlog

from workers.settings import settings

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.2
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
STEADY = 30.0


@dataclass(slots=True)
class Child:
    """One worker process and when to start it again."""

    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    start_at: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        """Start it when it is time to; when it has ended, decide when that is."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_at:
                self.process, self.started = subprocess.Popen(self.command), now
        elif self.process.poll() is not None:
            self._ended(now)

    def _ended(self, now: float) -> None:
        assert self.process is not None
        quick = now - self.started < STEADY
        self.pause = min(self.pause * 2 or FIRST_PAUSE, LONGEST_PAUSE) if quick else FIRST_PAUSE
        log.error("worker ended; starting another", status=self.process.returncode, seconds=self.pause)
        self.process, self.start_at = None, now + self.pause

    def end(self, sign: int) -> None:
        """Send a signal to the process, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sign)

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs worker processes until it is told to stop by SIGTERM or SIGINT.

    From then they have ``FLEET_GRACE_SECONDS``, which must exceed the longest request deadline by 2 s.
    """

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._children = [Child(command) for command in commands]
        self._stopping = False

    def run(self) -> int:
        """Run until told to stop; the exit status: 0 when every process ended in good time, else 1."""
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, self._stop)
        while not self._stopping:
            for child in self._children:
                child.look()
            time.sleep(LOOK_EVERY)
        return self._end()

    def _stop(self, _sign: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _end(self) -> int:
        grace = settings().grace_seconds
        deadline = time.monotonic() + grace
        for child in self._children:
            child.end(signal.SIGTERM)
        while any(child.running for child in self._children) and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY / 4)
        late = [child for child in self._children if child.running]
        for child in late:
            log.error("worker did not end in time; killed", seconds=grace)
            child.end(signal.SIGKILL)
        return 1 if late else 0


def worker_command(number: int, *, queues: Sequence[str], slots: int, log_level: str) -> list[str]:
    """The command of one worker process."""
    celery = [sys.executable, "-m", "celery", "-A", "workers.app"]
    if settings().log_format == "json":
        celery.append("--quiet")  # no banner
    command = [*celery, "worker", "--hostname", f"fleet{number}-{os.getpid()}@%h"]
    command += ["--concurrency", str(slots), "--loglevel", log_level, "--without-gossip", "--without-mingle"]
    return [*command, "--queues", ",".join(queues)] if queues else command
