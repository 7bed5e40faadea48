"""What README says of a run, in a few words."""

from __future__ import annotations

from statistics import median

from tests.bench.bars import CELERY
from tests.bench.samples import Results, column
from tests.bench.table import markdown

HEAD = ("a second", "Signal Fleet", "plain Celery tasks", "Dramatiq actors")
RATES = {
    "enqueued, in batches of 100": ("enqueue/fleet/100", ("enqueue/celery",), "enqueue/dramatiq"),
    "delivered to Statsig, up to 500 events a request": (
        "deliver/fleet/statsig",
        tuple(f"deliver/{name}/statsig" for name in CELERY),
        "deliver/dramatiq/statsig",
    ),
    "delivered to Kissmetrics, one event a request": (
        "deliver/fleet/kissmetrics",
        tuple(f"deliver/{name}/kissmetrics" for name in CELERY),
        "deliver/dramatiq/kissmetrics",
    ),
}


def headline(results: Results) -> str:
    """Events enqueued and delivered a second, by the fleet and by others, as a table."""
    rows = [
        [title, _rate(results, ours), _rate(results, *celery), _rate(results, dramatiq)]
        for title, (ours, celery, dramatiq) in RATES.items()
    ]
    return markdown(HEAD, rows, range(1, len(HEAD)))


def _rate(results: Results, *places: str) -> str:
    """The median of the quickest."""
    rates = [median(found) for place in places if (found := column(results, place, "per_s"))]
    return f"{max(rates):,.0f}" if rates else ""
