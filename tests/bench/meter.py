"""A meter: what a stretch of work took, in time and in the CPU of everybody who took part."""

from __future__ import annotations

import time
from collections.abc import Mapping

from tests.bench import gauge
from tests.bench.samples import Sample


class Meter:
    """Begins to measure when it is made. ``groups``: process groups by the part they play."""

    def __init__(self, groups: Mapping[str, list[int]]) -> None:
        self._groups = groups
        self._before = self._cpu()
        self._started = time.monotonic()

    def _cpu(self) -> dict[str, float]:
        return {part: sum(map(gauge.cpu, groups)) for part, groups in self._groups.items()}

    def read(self, number: int, idle: float = 0.0) -> Sample:
        """What ``number`` pieces of work have taken so far: pieces a second, and of each part CPU µs a piece and the
        percentage of a core that it was busy. For the last ``idle`` seconds nobody worked.
        """
        seconds, now = time.monotonic() - self._started - idle, self._cpu()
        used = {part: now[part] - self._before[part] for part in now}
        cost = {f"{part}_us": cpu / number * 1e6 for part, cpu in used.items()}
        busy = {f"{part}_busy": cpu / seconds * 100 for part, cpu in used.items()}
        return {"per_s": number / seconds, "seconds": seconds, "n": number, **cost, **busy}
