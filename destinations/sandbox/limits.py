"""Request limits as vendors keep them: fixed windows of the clock, per account."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``requests`` in each ``seconds`` of the clock, on the calls whose path begins with ``path``."""

    requests: int
    seconds: float
    path: str = ""


@dataclass(slots=True)
class Window:
    """One account's use of one limit in the current window, which ``ends`` (epoch seconds) in ``wait`` seconds."""

    limit: int
    remaining: int
    wait: float
    ends: float


@dataclass(slots=True)
class _Count:
    window: int = -1
    admitted: int = 0
    attempts: int = 0


class Meter:
    """Counts calls, refuses those over a limit when there is one, and remembers the worst it saw.

    >>> meter = Meter((Limit(1, 60.0),))
    >>> meter.admit("/v1", "acme", 120.0), meter.admit("/v1", "acme", 150.0)
    (None, Window(limit=1, remaining=0, wait=30.0, ends=180.0))
    """

    def __init__(self, limits: Sequence[Limit] = ()) -> None:
        self.limits = tuple(limits)
        self.clear()

    def set(self, limits: Sequence[Limit]) -> None:
        """Replace the limits; counting begins anew."""
        self.limits = tuple(limits)
        self.clear()

    def clear(self) -> None:
        """Begin counting anew."""
        self.worst = [0] * len(self.limits)
        self.worst_second = 0
        self._counts: dict[tuple[int, str], _Count] = {}
        self._recent: deque[float] = deque()

    def pulse(self, at: float) -> None:
        """Note a call, whatever becomes of it, for the worst second (any second, not one of the clock)."""
        recent = self._recent
        recent.append(at)
        while recent[0] <= at - 1.0:
            recent.popleft()
        self.worst_second = max(self.worst_second, len(recent))

    def admit(self, path: str, account: str, at: float) -> Window | None:
        """Count the call, or say which window is full: the one that stays so longest."""
        if not self.limits:
            return None
        counts = self._current(path, account, at)
        full = [
            self._window(index, count, at) for index, count in counts if count.admitted >= self.limits[index].requests
        ]
        for index, count in counts:
            count.attempts += 1
            count.admitted += not full
            self.worst[index] = max(self.worst[index], count.attempts)
        return max(full, key=lambda window: window.wait, default=None)

    def window(self, path: str, account: str, at: float) -> Window | None:
        """The longest window that applies to the call, as the vendor's headers tell it; None without limits."""
        if not self.limits:
            return None
        counts = self._current(path, account, at)
        longest = max(counts, key=lambda pair: self.limits[pair[0]].seconds, default=None)
        return None if longest is None else self._window(*longest, at)

    def _current(self, path: str, account: str, at: float) -> list[tuple[int, _Count]]:
        current = []
        for index, limit in enumerate(self.limits):
            if path.startswith(limit.path):
                count = self._counts.setdefault((index, account), _Count())
                if count.window != (window := int(at // limit.seconds)):
                    count.window, count.admitted, count.attempts = window, 0, 0
                current.append((index, count))
        return current

    def _window(self, index: int, count: _Count, at: float) -> Window:
        limit = self.limits[index]
        ends = (count.window + 1) * limit.seconds
        return Window(limit.requests, limit.requests - count.admitted, ends - at, ends)
