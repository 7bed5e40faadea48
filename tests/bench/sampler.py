"""A sampling profiler of one thread's CPU time: by far less in the way of what it watches than ``cProfile`` is."""

from __future__ import annotations

import signal
import sysconfig
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Self

EVERY = 0.001
ROOT = Path(__file__).parents[2]
PLACES = (f"{sysconfig.get_path('purelib')}/", f"{sysconfig.get_path('stdlib')}/", f"{ROOT}/")


@dataclass(frozen=True, slots=True)
class Function:
    """A function and its share of all samples: alone, and with what it calls."""

    name: str
    alone: float
    in_all: float
    ours: bool


class Sampler:
    """Watches the main thread while its block runs. The kernel decides how often it looks, every few ms of CPU."""

    def __init__(self) -> None:
        self.samples = 0
        self._alone: Counter[CodeType] = Counter()
        self._in_all: Counter[CodeType] = Counter()

    def __enter__(self) -> Self:
        self._former = signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, self._former)

    def _look(self, _sign: int, frame: FrameType | None) -> None:
        if frame is None:
            return
        self.samples += 1
        self._alone[frame.f_code] += 1
        seen = set()
        while frame is not None:
            seen.add(frame.f_code)
            frame = frame.f_back
        self._in_all.update(seen)

    def functions(self) -> list[Function]:
        """Every function seen."""
        return [
            Function(_named(code), self._alone[code] / self.samples, count / self.samples, _ours(code))
            for code, count in self._in_all.items()
        ]


def _named(code: CodeType) -> str:
    path = code.co_filename
    for place in PLACES:
        path = path.removeprefix(place)
    return f"{path} {code.co_qualname}"


def _ours(code: CodeType) -> bool:
    return any(code.co_filename.startswith(f"{ROOT}/{part}/") for part in ("workers", "destinations", "schemas"))
