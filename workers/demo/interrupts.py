"""Being told to stop: once is enough, and nothing disturbs the stopping."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STATUS = 130
"""The exit status of what was interrupted."""


class Interruption:
    """Whether a signal has come. It raises ``KeyboardInterrupt`` at once, wherever the program is, and on ``heed``
    again: what is raised inside a finalizer is lost.
    """

    def __init__(self) -> None:
        self._came = False
        self.before = {sign: signal.getsignal(sign) for sign in SIGNALS}

    def heed(self) -> None:
        """Raise ``KeyboardInterrupt`` when a signal has come. To be called now and then."""
        if self._came:
            raise KeyboardInterrupt

    def come(self, _sign: int, _frame: FrameType | None) -> None:
        """Handle the first signal; later ones find us cleaning up."""
        for sign in self.before:
            signal.signal(sign, signal.SIG_IGN)
        self._came = True
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Let the first signal end the block as ``KeyboardInterrupt``, and ignore later ones while it cleans up.

    A signal that whoever started us wants ignored (``nohup``) stays ignored.
    """
    interruption = Interruption()
    for sign, handler in interruption.before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(sign, interruption.come)
    try:
        yield interruption
    finally:
        for sign, handler in interruption.before.items():
            signal.signal(sign, handler)
