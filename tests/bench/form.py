"""How large a run is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """The size of a run: rounds of each part, and pieces of work.

    ``batched``, ``single``  events of a backlog for a batching vendor, and for one that takes one request per event
    ``rival``                the same for others, whose rates show sooner
    ``kept``                 events enqueued in one measurement
    """

    name: str
    rounds: int
    batched: int
    single: int
    rival: int
    kept: int
    transforms: int
    loops: int
    vendors: tuple[str, ...] = ("kissmetrics", "kustomer", "klaviyo", "statsig", "launchdarkly")


QUICK = Form("quick", 1, batched=20_000, single=4_000, rival=600, kept=10_000, transforms=5_000, loops=2_000)
LONG = Form("long", 3, batched=100_000, single=100_000, rival=2_000, kept=50_000, transforms=20_000, loops=10_000)
FORMS = {form.name: form for form in (QUICK, LONG)}
