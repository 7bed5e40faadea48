"""Where the time goes: each stage of the road played in this process, by one thread and without Celery."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from typing import Any

from tests.bench.events import events
from tests.bench.form import Form
from tests.bench.sampler import Function, Sampler
from tests.bench.stage import Stage
from workers.deliver import deliver
from workers.logs import configure
from workers.process import forget
from workers.route import route
from workers.settings import settings

ALONE, IN_ALL = 10, 14
IDLE = 3


@dataclass(frozen=True, slots=True)
class Profile:
    """One stage: CPU µs an event, and the functions that cost most, ours with what they call."""

    name: str
    us: float
    functions: list[Function]

    def lines(self) -> list[str]:
        """The profile as text."""
        head = [f"{self.name}: {self.us:.1f} µs of CPU an event", f"{'in all':>9} {'itself':>9}"]
        rows = (
            f"{one.in_all * self.us:9.1f} {one.alone * self.us:9.1f}  {one.name.replace('.<locals>', '')}"
            for one in self.functions
        )
        return [*head, *rows]


def profiles(stage: Stage, form: Form) -> Iterator[Profile]:
    """Profiles of enqueue, of route, and of deliver to each vendor."""
    os.environ |= {"FLEET_FAN_OUT": "1"}
    settings.cache_clear()
    forget()
    with (stage.folder / "profile.log").open("w") as log:
        with redirect_stderr(log):
            configure()
        yield from _profiles(stage, form)


def _profiles(stage: Stage, form: Form) -> Iterator[Profile]:
    for vendor in form.vendors:
        stage.clear()
        stage.install({vendor: stage.spec(vendor)})
        number = form.backlog(vendor)
        for name, run in _road(stage, vendor, number).items():
            profile = _profile(name, run, number)
            if vendor == form.vendors[0] or name.startswith("deliver"):
                yield profile


def _road(stage: Stage, vendor: str, number: int) -> dict[str, Callable[[], Any]]:
    made = list(events(number))
    return {
        "enqueue in batches of 100": lambda: stage.enqueue(made, vendor, 100),
        "route": lambda: _until_idle(route, "events"),
        f"deliver to {vendor}": lambda: _until_idle(lambda: deliver(vendor), "delivered"),
    }


def _until_idle(ticket: Callable[[], dict[str, Any]], counted: str) -> None:
    """Work tickets until several in a row found nothing to do."""
    idle = 0
    while idle < IDLE:
        idle = 0 if ticket().get(counted) else idle + 1


def _profile(name: str, run: Callable[[], Any], number: int) -> Profile:
    used = time.thread_time()
    with Sampler() as sampler:
        run()
    used = time.thread_time() - used
    return Profile(name, used / number * 1e6, _costliest(sampler.functions()))


def _costliest(functions: list[Function]) -> list[Function]:
    """Those that cost most by themselves, and those of ours that cost most with what they call."""
    alone = sorted(functions, key=lambda one: -one.alone)[:ALONE]
    in_all = sorted((one for one in functions if one.ours), key=lambda one: -one.in_all)[:IN_ALL]
    chosen = {one.name: one for one in (*in_all, *alone)}
    return sorted(chosen.values(), key=lambda one: -one.in_all)
