"""Transform: a parsed event in, the vendor's records out, nothing else.

The lowest of many short repeats, as ``timeit`` advises: what the others took more was the machine's doing, not ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from timeit import repeat

from destinations.form.integration import install
from destinations.form.parts import Event, Outcome
from schemas.event import load_event
from tests.bench.events import events
from tests.bench.form import Form
from tests.bench.samples import Sample
from tests.bench.stage import VENDORS, Stage

VARIETY = 1_000
REPEATS = 30


def play(stage: Stage, _form: Form, _turn: int) -> Iterator[tuple[str, Sample]]:
    """CPU µs an event at each destination."""
    normal = [load_event(event) for event in events(VARIETY)]
    for vendor in VENDORS:
        transform = install(vendor, stage.spec(vendor)).transform
        assert {transform(event).kind for event in normal} == {"send"}

        def each(transform: Callable[[Event], Outcome] = transform) -> None:
            for event in normal:
                transform(event)

        seconds = min(repeat(each, timer=time.process_time, number=1, repeat=REPEATS))
        yield vendor, {"us": seconds / VARIETY * 1e6}
