"""Carry an edit out in the name of whoever asks, faults named as the caller wrote things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.admin.guard import author
from gateway.problems import invalid
from workers.apply import Change, PipelineBusy, carried_out
from workers.configuration import InvalidFile


def carry(edit: Callable[..., Change], *arguments: Any, place: str = "") -> Change:
    """Carry an edit of ``workers.edits`` out. ``place``: where in a file that thing would stand, taken off faults."""
    try:
        return carried_out(lambda installed: edit(installed, *arguments), author())
    except PipelineBusy:
        raise
    except InvalidFile as error:
        raise invalid([fault.removeprefix(f"{place}.") for fault in error.faults]) from error
