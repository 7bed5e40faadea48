"""Growth: what an event costs when more of them wait, when more integrations take them, when more workers deliver."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.event import load_encoded
from tests.bench.crew import Crew
from tests.bench.events import events
from tests.bench.form import Form
from tests.bench.samples import Sample
from tests.bench.stage import Stage

BATCHED, SINGLE = "statsig", "kissmetrics"
COUNTS = (1, 10, 100)
PROCESSES = (1, 2, 4)
REPEATS = 3
"""So often is what is quickly done: the smallest backlog."""

WARM = 500
ALL = "all"


def play(stage: Stage, form: Form, _turn: int) -> Iterator[tuple[str, Sample]]:
    """Cost by backlog, with the memory it takes; by number of integrations; by number of processes."""
    yield from backlogs(stage, form)
    yield from integrations(stage, form)
    yield from processes(stage, form)


def backlogs(stage: Stage, form: Form) -> Iterator[tuple[str, Sample]]:
    """CPU µs an event by the size of the backlog, and Redis's memory by the bytes that wait."""
    stage.clear()
    held = {**stage.spec(BATCHED, "held"), "enabled": False}
    stage.install({BATCHED: stage.spec(BATCHED), "held": held})
    with Crew(stage) as crew:
        crew.follow([BATCHED], BATCHED, WARM)
        for size in [form.backlogs[0]] * REPEATS + list(form.backlogs[1:]):
            crew.pause()
            memory = _laid(stage, BATCHED, size)
            stage.sink.ask("clear")
            yield f"backlog/{size}", {**crew.measure([BATCHED], size), **memory}
        yield "memory/lanes", _in_lanes(stage, crew, form.backlogs[1])


def _laid(stage: Stage, pipeline: str, size: int) -> Sample:
    """Lay a backlog into an inbox; Redis's memory for it, beside the bytes of the events themselves."""
    before = _used(stage)
    stage.enqueue(events(size), pipeline)
    return _memory(stage, before, size)


def _in_lanes(stage: Stage, crew: Crew, size: int) -> Sample:
    """The same for events that wait at an integration that is held."""
    crew.pause()
    before = _used(stage)
    stage.enqueue(events(size), "held")
    crew.go()
    stage.until(lambda: stage.waiting("held") >= size, 60 + size / 200, "everything routed")
    return _memory(stage, before, size)


def _memory(stage: Stage, before: int, size: int) -> Sample:
    used = _used(stage) - before
    payload = sum(len(load_encoded(event)[1]) for event in events(1_000)) / 1_000 * size
    return {"memory_mb": used / 1e6, "memory_ratio": used / payload, "payload_mb": payload / 1e6}


def _used(stage: Stage) -> int:
    return int(stage.client.info("memory")["used_memory"])


def integrations(stage: Stage, form: Form) -> Iterator[tuple[str, Sample]]:
    """CPU µs a delivery, for as many deliveries, by the number of integrations that share them."""
    with Crew(stage) as crew:
        for count in COUNTS:
            stage.clear()
            names = [f"{SINGLE}-{number}" for number in range(count)]
            stage.install({name: stage.spec(SINGLE, name) for name in names}, {ALL: names})
            crew.follow(names, ALL, 20)
            yield f"integrations/{count}", crew.drain(ALL, form.deliveries[0] // count, names)


def processes(stage: Stage, form: Form) -> Iterator[tuple[str, Sample]]:
    """Deliveries a second by the number of worker processes."""
    for count in PROCESSES:
        stage.clear()
        stage.install({SINGLE: stage.spec(SINGLE)})
        with Crew(stage, count) as crew:
            crew.follow([SINGLE], SINGLE, WARM)
            yield f"processes/{count}", crew.drain(SINGLE, form.deliveries[1])
