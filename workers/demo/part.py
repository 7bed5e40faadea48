"""One part of a fleet on this machine: whether it still runs, and what is said when it does not."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from workers.local.processes import Process
from workers.local.server import LocalRedis

LAST_WORDS = 15
STEADY = 10.0
"""A part that ends sooner than this many seconds after its start would only end again."""


class PartEnded(RuntimeError):
    """A part of the fleet ended by itself. The message names it, and ends with its log's last lines."""


@dataclass(slots=True)
class Part:
    """One part: its process, and when it was last started."""

    name: str
    log: Path
    process: Process | LocalRedis
    started: float = field(default_factory=time.monotonic)

    def revive(self) -> None:
        """Start it again. ``PartEnded`` when it ended so soon that this is no use."""
        if time.monotonic() - self.started < STEADY:
            raise self.ended()
        self.started = time.monotonic()
        self.process.start()

    def ended(self) -> PartEnded:
        """What to say of its end."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_WORDS:]
        tail = "\n".join(f"  {line}" for line in lines)
        status = f" with status {self.process.returncode}" if isinstance(self.process, Process) else ""
        return PartEnded(
            f"{self.name} ended by itself{status}. Its log, {self.log}, ends with:\n{tail or '  (nothing)'}"
        )
