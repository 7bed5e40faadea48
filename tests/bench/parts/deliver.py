"""End to end: a backlog of events to one vendor, by the fleet with everything on, and by plain tasks."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.crew import Crew
from tests.bench.form import Form
from tests.bench.rivals.crew import RIVALS, RivalCrew
from tests.bench.samples import Sample
from tests.bench.stage import VENDORS, Stage

WARM = 500


def play(stage: Stage, form: Form, turn: int) -> Iterator[tuple[str, Sample]]:
    """Deliveries a second and CPU µs a delivery: of the fleet to each vendor, then of each rival."""
    stage.clear()
    stage.install({vendor: stage.spec(vendor) for vendor in VENDORS})
    with Crew(stage) as crew:
        for vendor in form.vendors:
            crew.follow([vendor], vendor, WARM)
            yield f"fleet/{vendor}", crew.drain(vendor, form.backlog(vendor, turn))
    for rival in RIVALS:
        with RivalCrew(stage, rival) as others:
            for vendor in form.vendors:
                yield f"{rival.name}/{vendor}", others.deliver(vendor, form.rival)
