"""Isolation: what three healthy vendors feel of one that answers in 5 s and of one that refuses connections.

All five get every event, in calm stretches and in troubled ones by turns. In the calm ones the two in trouble are held,
and two that are well get their share of the events instead: the load is the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from tests.bench.crew import Crew
from tests.bench.events import events
from tests.bench.form import Form
from tests.bench.parts.latency import percentile
from tests.bench.samples import Sample
from tests.bench.stage import Stage
from tests.engine.vendors import Vendors
from workers import holds
from workers.local.parts import Sandbox
from workers.local.processes import free_port

HEALTHY = ("kissmetrics", "klaviyo", "launchdarkly")
WELL = ("kustomer-well", "statsig-well")
SLOW, DEAD = "kustomer-slow", "statsig-dead"
ANSWER_MS = 5_000
RATE = 60
"""Events a second; each goes to five vendors."""

WARM_SECONDS = 7.0
"""What the slow vendor has on the wire ends within it, or fills up to what it can."""

STRETCHES = (False, True, True, False, False, True)
"""Troubled or not: neither kind is always the first, or the later one."""


def play(stage: Stage, form: Form, _turn: int) -> Iterator[tuple[str, Sample]]:
    """For each healthy vendor the p95 from the moment an event was due to its arrival (ms), calm and troubled."""
    stage.clear()
    with Sandbox(stage.folder) as sandbox:
        install(stage, Vendors(sandbox))
        with Crew(stage):
            found = [(troubled, stretch(stage, troubled, form.seconds[0])) for troubled in STRETCHES]
    for vendor in HEALTHY:
        calm, troubled = (median(p95[vendor] for kind, p95 in found if kind is wanted) for wanted in (False, True))
        moved = {"moved_ms": troubled - calm, "moved_percent": 100 * (troubled / calm - 1)}
        yield vendor, {"calm_p95_ms": calm, "troubled_p95_ms": troubled, **moved}


def install(stage: Stage, vendors: Vendors) -> None:
    """Three healthy integrations, two well ones for the calm pipeline, and two in trouble for the other."""
    vendors.fault("kustomer", latency_ms=ANSWER_MS)
    specs = {name: stage.spec(name.partition("-")[0], name) for name in (*HEALTHY, *WELL)}
    specs[SLOW] = stage.spec("kustomer", base_url=vendors.url("kustomer"))
    specs[DEAD] = stage.spec("statsig", base_url=f"http://127.0.0.1:{free_port()}")
    stage.install(specs, {"calm": (*HEALTHY, *WELL), "troubled": (*HEALTHY, SLOW, DEAD)})


def stretch(stage: Stage, troubled: bool, seconds: float) -> dict[str, float]:
    """Hand in events at an even rate; each healthy vendor's p95."""
    for name in (SLOW, DEAD):
        if troubled:
            holds.free(name, "operator")
        else:
            holds.halt(name, "operator", "a calm stretch", "")
    pipeline = "troubled" if troubled else "calm"
    hand_in(stage, pipeline, WARM_SECONDS)
    stage.sink.ask("clear", keep=True)
    number = hand_in(stage, pipeline, seconds)
    stage.until(lambda: all(len(_delays(stage, name)) >= number for name in HEALTHY), 60, "the healthy vendors")
    return {name: percentile(sorted(_delays(stage, name)), 95) for name in HEALTHY}


def hand_in(stage: Stage, pipeline: str, seconds: float) -> int:
    """Events of many persons, one at a time, each with the moment it was due; how many."""
    number, started = int(RATE * seconds), time.monotonic_ns()
    for turn, event in enumerate(events(number)):
        due = started + turn * 1_000_000_000 // RATE
        time.sleep(max(0.0, (due - time.monotonic_ns()) / 1e9))
        event["properties"]["sent_at"] = due
        stage.enqueue([event], pipeline)
    return number


def _delays(stage: Stage, name: str) -> list[float]:
    delays: list[float] = stage.sink.ask("delays", name=name)
    return delays
