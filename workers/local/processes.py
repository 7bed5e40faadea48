"""Child processes: started with a log file and a process group of their own, awaited, ended with their parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from workers.local import leash

POLL = 0.02


class NotReady(RuntimeError):
    """A process ended, or its deadline passed, before it was ready. The message ends with its own last words."""


class Process:
    """One child process.

    >>> with Process("sandbox", [sys.executable, "-m", "destinations.sandbox"], folder) as sandbox:
    ...     sandbox.wait_until(lambda: answers(8090), timeout=10)

    ``command`` runs in a process group of its own (Ctrl-C reaches only us, and we end it in our order), writes to
    ``folder/name.log`` (appended to), and gets SIGTERM when we die. ``env`` adds to our environment.
    ``keep_open`` are file descriptors it inherits. It may be started again once it has ended.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        env: Mapping[str, str] | None = None,
        keep_open: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.command = tuple(command)
        self.log = Path(folder) / f"{name}.log"
        self.env = dict(env or {})
        self.keep_open = tuple(keep_open)
        self._child: subprocess.Popen[bytes] | None = None
        self._swept = True
        self._log_start = 0

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """Its process id, which is its group's id too. ``RuntimeError`` before the first start."""
        return self._started.pid

    @property
    def returncode(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._started.poll()

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise RuntimeError(f"{self.name} was not started yet: call start() first.")
        return self._child

    def start(self) -> Self:
        """Start it; returns at once. ``RuntimeError`` when it is running."""
        if self.running:
            raise RuntimeError(f"{self.name} is running already, as process {self.pid}.")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.env},
                process_group=0,
                pass_fds=self.keep_open,
            )
            self._swept = False
        return self

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Wait until ``ready()``. ``NotReady`` when the process ends first or ``timeout`` seconds pass."""
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.running:
                raise NotReady(self._told(f"{self.name} ended with status {self.returncode} before it was ready."))
            if time.monotonic() > deadline:
                raise NotReady(self._told(f"{self.name} was not ready within {timeout:g} s."))
            time.sleep(POLL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; its exit status. ``subprocess.TimeoutExpired`` after ``timeout`` seconds."""
        return self._started.wait(timeout)

    def stop(self, timeout: float = 10.0) -> None:
        """End it: SIGTERM, and after ``timeout`` seconds SIGKILL to whatever is left of its group."""
        if self.running:
            self._started.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.wait(timeout)
        self.kill()

    def kill(self) -> None:
        """End it and its whole group at once, as ``kill -9`` does."""
        if self._swept:  # once: the number may be another group's by now
            return
        self._swept = True
        with suppress(ProcessLookupError):  # nobody is left in the group
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()

    def output(self) -> str:
        """What it wrote since its last start."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def _told(self, what: str, lines: int = 15) -> str:
        tail = "\n".join(f"  {line}" for line in self.output().splitlines()[-lines:])
        return f"{what} Its log, {self.log}, ends with:\n{tail or '  (nothing)'}"

    def __enter__(self) -> Self:
        return self if self.running else self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int, timeout: float = 0.5) -> bool:
    """Whether somebody accepts connections on this port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout).close()
    except OSError:
        return False
    return True
