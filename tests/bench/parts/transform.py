"""Transform: a parsed event in, the vendor's records out, nothing else.

The lowest of many short repeats, as ``timeit`` advises: what the others took more was the machine's doing, not ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from math import inf
from timeit import timeit

from destinations.form.integration import install
from destinations.form.parts import Event, Outcome
from schemas.event import load_event
from tests.bench.events import events
from tests.bench.form import Form
from tests.bench.samples import Sample
from tests.bench.stage import VENDORS, Stage

VARIETY = 100
REPEATS = 1_000


def play(stage: Stage, _form: Form, _turn: int) -> Iterator[tuple[str, Sample]]:
    """CPU µs an event at each destination; they take turns, so that each meets the machine at its best."""
    normal = [load_event(event) for event in events(VARIETY)]
    transforms = {vendor: install(vendor, stage.spec(vendor)).transform for vendor in VENDORS}
    seconds = dict.fromkeys(VENDORS, inf)
    for vendor in VENDORS * REPEATS:
        seconds[vendor] = min(seconds[vendor], _measured(transforms[vendor], normal))
    for vendor in VENDORS:
        yield vendor, {"us": seconds[vendor] / VARIETY * 1e6}


def _measured(transform: Callable[[Event], Outcome], normal: Sequence[Event]) -> float:
    """CPU seconds for all events, none of which may be refused."""

    def each() -> None:
        for event in normal:
            assert transform(event).kind == "send"

    return timeit(each, timer=time.process_time, number=1)
