"""Plays parts, round after round, so that what is compared runs side by side; tells of each case as it is measured."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import ModuleType

from tests.bench.form import Form
from tests.bench.parts import (
    ceiling,
    deliver,
    enqueue,
    gateway,
    growth,
    isolation,
    latency,
    limit,
    rate,
    tickets,
    transform,
)
from tests.bench.samples import Results, Sample
from tests.bench.stage import Stage

PARTS: dict[str, ModuleType] = {
    "enqueue": enqueue,
    "gateway": gateway,
    "deliver": deliver,
    "limit": limit,
    "latency": latency,
    "isolation": isolation,
    "growth": growth,
    "rate": rate,
    "tickets": tickets,
    "transform": transform,
    "ceiling": ceiling,
}
ONCE = ("growth", "rate", "tickets")
"""Parts that take long, or whose measurements are long enough to need no repetition."""

SHOWN = (
    "per_s",
    "core_per_s",
    "us",
    "worker_us",
    "client_us",
    "redis_us",
    "sink_us",
    "p50_ms",
    "p99_ms",
    "share",
    "worst",
    "grown",
    "calm_p95_ms",
    "troubled_p95_ms",
)


def run(stage: Stage, form: Form, names: Sequence[str]) -> Results:
    """Everything measured, in the parts with these names."""
    results: Results = {name: {} for name in names}
    started = time.monotonic()
    for turn in range(form.rounds):
        for name in names:
            if turn and name in ONCE:
                continue
            for case, sample in PARTS[name].play(stage, form, turn):
                results[name].setdefault(case, []).append(sample)
                tell(time.monotonic() - started, turn, form.rounds, f"{name:9} {case}", sample)
    return results


def tell(seconds: float, turn: int, rounds: int, case: str, sample: Sample) -> None:
    """Say on standard error what was measured."""
    numbers = "  ".join(f"{key} {sample[key]:,.6g}" for key in SHOWN if sample.get(key))
    sys.stderr.write(f"{seconds:6.0f} s  round {turn + 1} of {rounds}  {case:42} {numbers}\n")
