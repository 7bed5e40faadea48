"""Being told to stop: once is enough, and nothing disturbs the stopping."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STATUS = 130
"""The exit status of what was interrupted."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Let the first signal end the block as ``KeyboardInterrupt``, and ignore later ones while it cleans up.

    A signal that whoever started us wants ignored (``nohup``) stays ignored.
    """

    def interrupt(_sign: int, _frame: FrameType | None) -> None:
        for sign in before:
            signal.signal(sign, signal.SIG_IGN)
        raise KeyboardInterrupt

    heeded = [sign for sign in SIGNALS if signal.getsignal(sign) is not signal.SIG_IGN]
    before = {sign: signal.signal(sign, interrupt) for sign in heeded}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
