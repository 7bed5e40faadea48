"""Whether this process was told to end: granian waits for every answer, also for one that would go on for minutes."""

from __future__ import annotations

import os
import select
import signal

_told: list[int] = []
"""What becomes readable when a signal has come."""


def watch() -> None:
    """Notice from now on that a signal comes which granian handles: SIGTERM or SIGINT. Of the main thread."""
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    _told[:] = [told]


def stopping() -> bool:
    """Whether one has come."""
    return bool(select.select(_told, (), (), 0)[0])
