"""How a run is shown: a table that lives in a terminal, or a plain line now and then on a pipe."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.live import Live

from workers.demo.progress import Progress, waiting
from workers.demo.table import live_table, told

EVERY = 5.0
"""Seconds between two plain lines."""


WIDTH = 120
"""Columns of a table on a pipe."""


class Show(Protocol):
    """Shows how far a run has come; called several times a second."""

    def __call__(self, progress: Progress) -> None:
        """Show it."""


def console(*, json: bool) -> Console:
    """Where people read: standard output; with ``json`` standard error, and only if it is a terminal.

    Without a terminal there are no control codes. A line of text is as long as it is: only tables are fitted.
    """
    stream = sys.stderr if json else sys.stdout
    terminal = stream.isatty()
    width = None if terminal else WIDTH
    return Console(
        file=stream, force_terminal=terminal, width=width, highlight=False, soft_wrap=True, quiet=json and not terminal
    )


def is_live(console: Console) -> bool:
    """Whether what was written can be replaced."""
    return console.is_terminal and os.environ.get("TERM") not in ("dumb", "unknown")


@contextmanager
def showing(console: Console) -> Iterator[Show]:
    """A display for one run; a live one leaves no trace at the end."""
    if not is_live(console):
        yield Lines(console)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda progress: live.update(live_table(progress), refresh=True)


class Lines:
    """A line every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next = time.monotonic() + EVERY

    def __call__(self, progress: Progress) -> None:
        """Write a line when it is time to."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        rows = progress.status["integrations"].items()
        waits = ", ".join(f"{name} {waiting(row):,}" for name, row in rows if waiting(row))
        self._console.print(f"{told(progress)}; waiting: {waits or 'none'}")
