"""How large a run is."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.sink.book import BATCHING
from tests.engine.fleet import VENDORS


@dataclass(frozen=True, slots=True)
class Form:
    """The size of a run.

    ``rounds``      how often each part is played; parts that take long, once
    ``batched``     events of a backlog for a batching vendor
    ``single``      for one that takes one request per event, in the first round and in later ones
    ``rival``       events of a backlog for other libraries, whose rates show sooner
    ``kept``        events enqueued in one measurement
    ``loops``       requests of a bare loop
    ``seconds``     how long traffic flows at each rate of the latency part, at limits, and in a saturation
    ``backlogs``    sizes of backlogs that are compared
    ``deliveries``  to be had by 1, 10 and 100 integrations; by 1, 2 and 4 processes
    """

    name: str
    rounds: int
    batched: int
    single: tuple[int, int]
    rival: int
    kept: int
    loops: int
    seconds: tuple[float, float, float]
    backlogs: tuple[int, ...]
    deliveries: tuple[int, int]
    vendors: tuple[str, ...] = VENDORS

    def backlog(self, vendor: str, turn: int = 1) -> int:
        """How many events a backlog for this vendor has in a round, counted from 0."""
        return self.batched if vendor in BATCHING else self.single[min(turn, 1)]


QUICK = Form(
    "quick",
    rounds=1,
    batched=20_000,
    single=(4_000, 4_000),
    rival=400,
    kept=10_000,
    loops=2_000,
    seconds=(2, 8, 8),
    backlogs=(10_000, 50_000),
    deliveries=(4_000, 3_000),
)
LONG = Form(
    "long",
    rounds=3,
    batched=100_000,
    single=(100_000, 20_000),
    rival=1_500,
    kept=50_000,
    loops=10_000,
    seconds=(10, 40, 60),
    backlogs=(10_000, 100_000, 1_000_000),
    deliveries=(40_000, 20_000),
)
FORMS = {form.name: form for form in (QUICK, LONG)}
