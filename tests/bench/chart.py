"""The chart: how fast, on a logarithmic scale, as SVG that reads on light and on dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, log10
from statistics import median

from destinations.form.catalog import catalog
from tests.bench.samples import Results, column

WIDTH, LEFT, RIGHT, TOP = 820, 220, 90, 62
BAR, GAP = 15, 12
STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 } .faint { fill: #6e7781 } .grid { stroke: #d0d7de }
.fleet { fill: #1f883d } .other { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .faint { fill: #9198a1 } .grid { stroke: #30363d }
  .fleet { fill: #3fb950 } .other { fill: #656c76 }
}"""

OTHERS = ("celery, gevent", "celery, prefork", "dramatiq")
VENDORS = ("statsig", "launchdarkly", "kissmetrics", "kustomer", "klaviyo")
PRODUCERS = {
    "fleet, batches of 1,000": "fleet/1000",
    "fleet, batches of 100": "fleet/100",
    "fleet, one by one": "fleet/1",
    "dramatiq": "dramatiq",
    "rq": "rq",
    "taskiq": "taskiq",
    "celery, apply_async": "celery",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One bar of the chart."""

    name: str
    value: float


Group = tuple[str, list[Line]]


def chart(results: Results) -> str:
    """Events a second: enqueued, and delivered to each vendor, by the fleet and by others."""
    groups = [group for group in _groups(results) if group[1]]
    values = [line.value for _, lines in groups for line in lines] or [1.0]
    least, most = 10 ** int(log10(min(values))), 10 ** ceil(log10(max(values)))
    parts, y = [], TOP
    for title, lines in groups:
        parts.append(f'<text class="title" x="0" y="{y + 12}">{escape(title)}</text>')
        y += 22
        for line in lines:
            parts.append(_bar(line, y, _x(line.value, least, most)))
            y += BAR + 3
        y += GAP
    return _framed(parts, list(_grid(least, most, y)), y)


def _groups(results: Results) -> Iterator[Group]:
    yield "Enqueue", _lines(results, {name: f"enqueue/{case}" for name, case in PRODUCERS.items()})
    for vendor in VENDORS:
        cases = {name: f"deliver/{name}/{vendor}" for name in ("fleet", *OTHERS)}
        yield f"Deliver to {catalog()[vendor].title}", _lines(results, cases)


def _lines(results: Results, cases: dict[str, str]) -> list[Line]:
    found = {name: column(results, place, "per_s") for name, place in cases.items()}
    return [Line(name, median(values)) for name, values in found.items() if values]


def _x(value: float, least: float, most: float) -> float:
    return (WIDTH - LEFT - RIGHT) * log10(value / least) / max(1.0, log10(most / least))


def _bar(line: Line, y: int, length: float) -> str:
    kind = "fleet" if line.name.startswith("fleet") else "other"
    return (
        f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(line.name)}</text>'
        f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{max(1.0, length):.1f}" height="{BAR}" rx="2"/>'
        f'<text x="{LEFT + length + 6:.1f}" y="{y + 12}">{line.value:,.0f}</text>'
    )


def _grid(least: float, most: float, bottom: int) -> Iterator[str]:
    value = least
    while value <= most:
        x = LEFT + _x(value, least, most)
        yield f'<line class="grid" x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}"/>'
        yield f'<text class="faint" x="{x:.1f}" y="{TOP - 14}" text-anchor="middle">{value:,.0f}</text>'
        value *= 10


def _framed(parts: Sequence[str], grid: Sequence[str], bottom: int) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 8}" width="{WIDTH}" '
        f'height="{bottom + 8}" role="img" aria-label="Events a second, by the fleet and by others">'
    )
    said = f'<text class="title" x="{LEFT}" y="18">Events a second (logarithmic)</text>'
    return "\n".join([head, f"<style>{STYLE}</style>", said, *grid, *parts, "</svg>", ""])
