"""Latency: from the moment an event is due to be handed in to the moment the vendor has it, while lanes are idle."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from tests.bench.crew import Crew
from tests.bench.events import events
from tests.bench.form import Form
from tests.bench.samples import Sample
from tests.bench.stage import Stage

RATES = (10, 100, 1_000)
VENDORS = ("kissmetrics", "statsig")
WARM = 200


def play(stage: Stage, form: Form, _turn: int) -> Iterator[tuple[str, Sample]]:
    """Percentiles in ms, by rate and vendor: one that takes an event a request, and one that takes batches."""
    stage.clear()
    stage.install({vendor: stage.spec(vendor) for vendor in VENDORS})
    with Crew(stage) as crew:
        for vendor in VENDORS:
            crew.follow([vendor], vendor, WARM)
            for rate in RATES:
                yield f"{rate} a second/{vendor}", measure(stage, vendor, rate, int(rate * form.seconds[0]))


def measure(stage: Stage, vendor: str, rate: int, number: int) -> Sample:
    """Hand in so many events, one at a time, at this rate."""
    stage.sink.ask("clear", keep=True)
    before = stage.delivered([vendor])
    started = time.monotonic_ns() + 10_000_000
    for turn, event in enumerate(events(number)):
        due = started + turn * 1_000_000_000 // rate
        time.sleep(max(0.0, (due - time.monotonic_ns()) / 1e9))
        event["properties"]["sent_at"] = due
        stage.enqueue([event], vendor)
    stage.until(lambda: stage.delivered([vendor]) - before >= number, 60, f"{vendor}: {number} events")
    delays = sorted(stage.sink.ask("delays", name=vendor))
    if len(delays) != number:
        raise RuntimeError(f"{vendor}: {len(delays)} of {number} events arrived")
    return {"n": number, **{f"p{percent}_ms": percentile(delays, percent) for percent in (50, 95, 99)}}


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed."""
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
