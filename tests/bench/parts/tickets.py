"""Tickets: whether Celery's queues grow while a worker has fewer slots than there are lanes, and never enough time."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench.crew import Crew
from tests.bench.events import events
from tests.bench.form import Form
from tests.bench.samples import Sample
from tests.bench.stage import Stage
from workers import keys

SLOTS = 4
VENDORS = ("kissmetrics", "kustomer")
WARM = 50
BACKLOG = 5_000
LOOK_EVERY = 0.1


def play(stage: Stage, form: Form, _turn: int) -> Iterator[tuple[str, Sample]]:
    """The longest Celery queue, in the first third of the time and in the last."""
    stage.clear()
    stage.install({vendor: stage.spec(vendor) for vendor in VENDORS})
    with Crew(stage, 1, FLEET_SLOTS=str(SLOTS)) as crew:
        for vendor in VENDORS:
            crew.follow([vendor], vendor, WARM)
        lengths = list(_watch(stage, form.seconds[2]))
        third = len(lengths) // 3
        first, last = max(lengths[:third]), max(lengths[-third:])
        yield f"{SLOTS} slots", {"first": first, "last": last, "grown": last - first, "longest": max(lengths)}


def _watch(stage: Stage, seconds: float) -> Iterator[int]:
    """The length of the longest queue, again and again, while more waits than can be delivered."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for vendor in VENDORS:
            if stage.waiting(vendor) < BACKLOG:
                stage.enqueue(events(BACKLOG), vendor)
        yield max(stage.client.llen(queue) for queue in (keys.ROUTE, *VENDORS))
        time.sleep(LOOK_EVERY)
