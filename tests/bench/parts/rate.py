"""Rate: limits that four workers share, while more waits than may go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.bench.crew import Crew
from tests.bench.events import events
from tests.bench.form import Form
from tests.bench.samples import Sample
from tests.bench.stage import Stage

WORKERS = 4
RATES = (100, 3, 1)
VENDOR = "kissmetrics"
SECOND = 1_000_000_000


def play(stage: Stage, form: Form, _turn: int) -> Iterator[tuple[str, Sample]]:
    """By limit: requests a second at the sink, that as a share of the limit, the most in any second."""
    stage.clear()
    names = {f"{VENDOR}-{rate}": rate for rate in RATES}
    stage.install({name: limited(stage, name, rate) for name, rate in names.items()})
    with Crew(stage, WORKERS) as crew:
        crew.pause()
        for name, rate in names.items():
            stage.enqueue(events(int(rate * form.seconds[1]) + rate * 2), name)
        crew.go()
        for name, rate in names.items():
            wait_for(stage, name, int(rate * form.seconds[1]))
        for name, rate in names.items():
            yield f"{rate} a second", {**accuracy(stage.sink.ask("stamps", name=name), rate), "rss_mb": crew.peak_mb}


def wait_for(stage: Stage, name: str, wanted: int) -> None:
    """Wait until so many requests of an integration came."""
    stage.until(lambda: stage.sink.count(name) >= wanted, 180, f"{name}: {wanted} requests")


def limited(stage: Stage, name: str, rate: int) -> dict[str, object]:
    """An integration with a limit, and with an account of its own."""
    spec = stage.spec(VENDOR, name)
    return {**spec, "config": {"api_key": name}, "limits": {"lifted": True, "requests_per_second": rate}}


def accuracy(stamps: Sequence[int], rate: int) -> Sample:
    """How near to a limit arrivals came, from the first to the last."""
    ordered = sorted(stamps)
    achieved = (len(ordered) - 1) / (ordered[-1] - ordered[0]) * SECOND
    return {"per_s": achieved, "share": achieved / rate, "worst": worst(ordered), "limit": rate, "n": len(ordered)}


def worst(ordered: Sequence[int]) -> int:
    """The most arrivals in any second, wherever it begins."""
    most, first = 0, 0
    for last, stamp in enumerate(ordered):
        while stamp - ordered[first] >= SECOND:
            first += 1
        most = max(most, last - first + 1)
    return most
