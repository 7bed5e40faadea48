"""Transform: a parsed event in, the vendor's records out, nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator

from destinations.form.integration import install
from schemas.event import load_event
from tests.bench.events import events
from tests.bench.form import Form
from tests.bench.samples import Sample
from tests.bench.stage import VENDORS, Stage

VARIETY = 1_000


def play(stage: Stage, form: Form, _turn: int) -> Iterator[tuple[str, Sample]]:
    """CPU µs an event at each destination."""
    normal = [load_event(event) for event in events(VARIETY)]
    for vendor in VENDORS:
        transform = install(vendor, stage.spec(vendor)).transform
        assert {transform(event).kind for event in normal} == {"send"}
        started = time.process_time()
        for turn in range(form.loops):
            transform(normal[turn % VARIETY])
        yield vendor, {"us": (time.process_time() - started) / form.loops * 1e6}
