"""Where the time goes: each stage of the road played in this process by one thread, first bare, then profiled.

No Celery and no threads here, so CPU time is that of the stage alone, and the same from run to run.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.events import Event, events
from tests.bench.form import Form
from tests.bench.stage import Stage
from workers import route as router
from workers.deliver import deliver
from workers.producer import Producer
from workers.settings import settings

ROWS = 22


@dataclass(frozen=True, slots=True)
class Profile:
    """One stage: CPU µs an event without the profiler, and its costliest functions as (µs an event, calls, name)."""

    stage: str
    us: float
    rows: list[tuple[float, float, str]]


def profiles(stage: Stage, form: Form) -> Iterator[Profile]:
    """A profile of enqueue, of route, and of deliver to each vendor."""
    os.environ["FLEET_FAN_OUT"] = "1"
    settings.cache_clear()
    for vendor in form.vendors:
        stage.clear()
        stage.install({vendor: stage.spec(vendor)})
        number = form.batched // 4 if vendor in ("statsig", "launchdarkly") else form.single // 4
        bare, profiled = ([*_stages(vendor, number, profiler)] for profiler in (None, cProfile.Profile))
        first = vendor == form.vendors[0]
        for (name, used, _), (_, _, rows) in zip(bare, profiled, strict=True):
            if first or name.startswith("deliver"):
                yield Profile(name, used / number * 1e6, rows)


def _stages(vendor: str, number: int, profiler: type[cProfile.Profile] | None) -> Iterator[Any]:
    made, producer = list(events(number)), Producer()
    work: dict[str, Callable[[], Any]] = {
        "enqueue in batches of 100": lambda: _enqueue(producer, vendor, made),
        "route": lambda: _repeat(router.route, "events"),
        f"deliver to {vendor}": lambda: _repeat(lambda: deliver(vendor), "delivered"),
    }
    for name, run in work.items():
        yield (name, *_timed(run, number, profiler))


def _enqueue(producer: Producer, pipeline: str, made: Sequence[Event]) -> None:
    for start in range(0, len(made), 100):
        producer.enqueue(made[start : start + 100], pipeline)


def _repeat(step: Callable[[], dict[str, Any]], counted: str) -> None:
    """Take tickets until several in a row find nothing to do."""
    idle = 0
    while idle < 3:
        idle = 0 if step().get(counted) else idle + 1


def _timed(run: Callable[[], Any], number: int, profiler: type[cProfile.Profile] | None) -> tuple[float, list[Any]]:
    watching = profiler(time.thread_time) if profiler else None
    used = time.thread_time()
    if watching:
        watching.enable()
    run()
    if watching:
        watching.disable()
    used = time.thread_time() - used
    return used, _rows(pstats.Stats(watching), number) if watching else []


def _rows(stats: Any, number: int) -> list[tuple[float, float, str]]:
    """The costliest functions themselves, without what they call."""
    found = [
        (own / number * 1e6, calls / number, _named(*place)) for place, (_, calls, own, _, _) in stats.stats.items()
    ]
    return sorted(found, reverse=True)[:ROWS]


def _named(path: str, line: int, name: str) -> str:
    if path == "~":
        return name
    parts = Path(path).parts
    return f"{'/'.join(parts[-2:])}:{line} {name}"
