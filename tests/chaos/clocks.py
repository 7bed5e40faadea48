"""A host whose clock jumps: ``time`` and ``datetime`` of this process, as everything imported afterwards sees them.

Only the wall clock jumps; ``time.monotonic`` does not, on a real host either. Redis keeps its own time.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence

Real = datetime.datetime


class AnyDatetime(type):
    """Every ``datetime`` there is, made before the jump or after it, is one to ``isinstance``."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Real)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, Real)


class Datetime(Real, metaclass=AnyDatetime):
    """``datetime`` by the clock of ``time.time``, whatever that says."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Datetime:
        """Now, as an ordinary ``datetime``."""
        return Real.fromtimestamp(time.time(), tz)  # type: ignore[return-value]


def jump(steps: Sequence[float], every: float) -> None:
    """Set the clock off by each of ``steps`` (seconds) in turn, for ``every`` seconds each, from now on."""
    real, started = time.time, time.monotonic()

    def now() -> float:
        return real() + steps[int((time.monotonic() - started) / every) % len(steps)]

    time.time = now
    time.time_ns = lambda: int(now() * 1_000_000_000)
    datetime.datetime = Datetime  # type: ignore[misc]
