"""Waiting for a condition with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

Found = TypeVar("Found")

POLL = 0.03


def wait_until(
    condition: Callable[[], Found], seconds: float = 15.0, last: Callable[[], Any] = lambda: "nothing more is known"
) -> Found:
    """What ``condition`` gives once it is true; fails after so many seconds, telling what ``last`` says then."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds:g} s; last seen: {last()}", pytrace=True)
        time.sleep(POLL)
    return found


def holds_for(condition: Callable[[], Any], seconds: float, last: Callable[[], Any]) -> None:
    """Watch a condition stay true for so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"true no longer; last seen: {last()}"
        time.sleep(POLL)
