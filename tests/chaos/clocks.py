"""A host whose clock jumps: ``time`` and ``datetime`` of this process, as everything imported afterwards sees them.

Only the wall clock jumps; ``time.monotonic`` does not, on a real host either. Redis keeps its own time.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from typing import Any


def jump(steps: Sequence[float], every: float) -> None:
    """Set the clock off by each of ``steps`` (seconds) in turn, for ``every`` seconds each, from now on."""
    real, started = time.time, time.monotonic()

    def now() -> float:
        return real() + steps[int((time.monotonic() - started) / every) % len(steps)]

    time.time = now
    time.time_ns = lambda: int(now() * 1_000_000_000)
    setattr(datetime, "datetime", _datetime_by(datetime.datetime, now))  # noqa: B010  # a type may not be assigned to


def _datetime_by(real: type[datetime.datetime], now: Any) -> type:
    class Kind(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, real)

    class Datetime(real, metaclass=Kind):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return real.fromtimestamp(now(), tz)

    return Datetime
