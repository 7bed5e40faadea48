"""Hearing: each worker keeps a file young as long as it gets its messages, so that ``fleet health`` can judge it.

A file, not Redis: whether this machine's workers are well must not depend on a Redis that is away.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import structlog
from kombu.exceptions import OperationalError

from workers.settings import settings

CONNECT_SECONDS = 3.0

log = structlog.get_logger(__name__)


class Hearing:
    """One worker's file. It holds the process id of its supervisor, or of whatever started it."""

    def __init__(self, worker: str) -> None:
        self._path = folder() / worker
        self._broken = False

    def well(self) -> None:
        """The worker heard something, or there is nothing to hear. A disk that is full is no reason to end."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.write_text(str(os.getppid()))
        except OSError as error:
            if not self._broken:
                log.warning("fleet health cannot see this worker", error=str(error))
            self._broken = True

    def end(self) -> None:
        """The worker ends in good order."""
        self._path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Heard:
    """A worker of this machine, and for how many seconds it has heard nothing."""

    worker: str
    seconds: float

    @property
    def deaf(self) -> bool:
        """Whether that is too long. It finds out by itself, and its supervisor starts it again: if both still can."""
        return self.seconds > settings().deaf_seconds + settings().ping_seconds


def folder() -> Path:
    """Where the files of this fleet's workers are: this user's, and for each broker another."""
    broker = hashlib.blake2b(settings().broker_url.encode(), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"signal-fleet-{os.getuid()}" / broker


def workers_here() -> list[Heard]:
    """The workers of this fleet on this machine. Files whose supervisor is gone are removed."""
    found, now = [], time.time()
    for path in sorted(folder().glob("*@*")):
        if _runs(int(path.read_text() or 0)):
            found.append(Heard(path.name, max(0.0, now - path.stat().st_mtime)))
        else:
            path.unlink(missing_ok=True)
    return found


def broker_answers() -> bool:
    """Whether the broker takes a connection."""
    from kombu import Connection  # noqa: PLC0415  # only when something is wrong

    with Connection(settings().broker_url, connect_timeout=CONNECT_SECONDS) as connection:
        try:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=CONNECT_SECONDS)
        except OperationalError:
            return False
    return True


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process > 0
