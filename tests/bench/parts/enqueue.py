"""Enqueue: one process hands in events, validation on; nobody works on them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from tests.bench.events import Event, events
from tests.bench.form import Form
from tests.bench.rivals.producers import PRODUCERS
from tests.bench.samples import Sample
from tests.bench.stage import Stage
from workers.producer import Producer

SIZES = (1, 100, 1_000)
RIVAL_SIZE = 100


def play(stage: Stage, form: Form, _turn: int) -> Iterator[tuple[str, Sample]]:
    """Events a second and CPU µs an event, by batch size, then of each rival."""
    for size in SIZES:
        stage.clear()
        stage.install({"statsig": stage.spec("statsig")})
        number = form.kept if size > 1 else form.kept // 10
        yield f"fleet/{size}", measure(stage, partial(Producer().enqueue, pipeline="statsig"), number, size)
    for name, connect in PRODUCERS.items():
        stage.rivals.flushdb()
        yield name, measure(stage, connect(stage.rivals_url), form.kept // 20, RIVAL_SIZE)
    stage.rivals.flushdb()


def measure(stage: Stage, enqueue: Callable[[Sequence[Event]], Any], number: int, size: int) -> Sample:
    """Hand in so many events, so many at a time; events are made before."""
    made = iter(list(events(number + size)))
    enqueue(list(islice(made, size)))
    batches = []
    while batch := list(islice(made, size)):
        batches.append(batch)
    meter, used = stage.meter(), time.process_time()
    for batch in batches:
        enqueue(batch)
    used = time.process_time() - used
    return {**meter.read(number), "client_us": used / number * 1e6}
