"""The bars: what the figures must come to. Every comparison is one of figures of the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import truediv
from statistics import median

from tests.bench.samples import Results, column

BATCHED, SINGLE = ("statsig", "launchdarkly"), ("kissmetrics", "kustomer", "klaviyo")
TRANSFORMS = {"kissmetrics": 8, "kustomer": 10, "klaviyo": 20, "statsig": 12, "launchdarkly": 8}
CELERY = ("celery, gevent", "celery, prefork")
COST = ("worker_us", "redis_us")

Figures = Callable[[Results], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: ``figures`` gives a figure a round, none when its part was not played; their median is judged.

    ``least`` and ``most`` bound it; ``unit`` follows the figure (``×``, `` µs``).
    """

    part: str
    title: str
    figures: Figures
    unit: str = ""
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A bar with what was measured: the median figure, and the lowest and highest of the rounds."""

    bar: Bar
    figure: float
    low: float
    high: float

    @property
    def met(self) -> bool:
        """Whether the figure is within its bounds."""
        least, most = self.bar.least, self.bar.most
        return (least is None or self.figure >= least) and (most is None or self.figure <= most)


def judge(results: Results) -> list[Judged]:
    """Every bar whose parts were played."""
    measured = ((bar, list(bar.figures(results))) for bar in bars())
    return [Judged(bar, median(found), min(found), max(found)) for bar, found in measured if found]


def bars() -> Iterator[Bar]:
    """All of them."""
    yield from _enqueue()
    gateway = _of("gateway/batches of 100", "core_per_s")
    yield Bar("gateway", "in batches of 100, a second of one core", gateway, " events", least=20_000)
    yield from _deliver()
    yield from _latency()
    yield from _isolation()
    yield from _growth()
    for vendor, most in TRANSFORMS.items():
        yield Bar("transform", f"{vendor}, CPU an event", _of(f"transform/{vendor}", "us"), " µs", most=most)
    yield from _rate()
    yield Bar("tickets", "Celery's queues grow in a saturation by", _of("tickets/4 slots", "grown"), " tickets", most=1)


def _enqueue() -> Iterator[Bar]:
    for size, least in ((100, 25), (1, 3)):
        ratio = _ratio(_of(f"enqueue/fleet/{size}", "per_s"), _of("enqueue/celery", "per_s"))
        yield Bar("enqueue", f"in batches of {size}, to apply_async", ratio, "×", least=least)


def _deliver() -> Iterator[Bar]:
    for vendor in (*BATCHED, *SINGLE):
        batched = vendor in BATCHED
        ratio = _ratio(_of(f"deliver/fleet/{vendor}", "per_s"), _quickest(vendor))
        yield Bar("deliver", f"{vendor}, to plain Celery", ratio, "×", least=60 if batched else 3)
        cost = _cost(f"deliver/fleet/{vendor}")
        if batched:
            yield Bar("deliver", f"{vendor}, CPU a delivery", cost, " µs", most=60)
        else:
            bare = _ratio(_of(f"limit/session/{vendor}", "client_us"), cost)
            yield Bar("deliver", f"{vendor}, per core, to a bare session loop", bare, "×", least=0.9)


def _latency() -> Iterator[Bar]:
    for vendor in ("kissmetrics", "statsig"):
        for name, most in (("p50", 15), ("p99", 100)):
            figures = _of(f"latency/100 a second/{vendor}", f"{name}_ms")
            yield Bar("latency", f"{vendor}, 100 a second, {name}", figures, " ms", most=most)


def _isolation() -> Iterator[Bar]:
    for vendor in ("kissmetrics", "klaviyo", "launchdarkly"):
        moved = _moved(f"isolation/{vendor}")
        yield Bar("isolation", f"{vendor}, p95, moved by a slow and a dead vendor", moved, " ×", most=1)


def _moved(place: str) -> Figures:
    """How far the p95 moved, in parts of what it may: 10 % or 5 ms, whichever is more."""

    def figures(results: Results) -> list[float]:
        calm, moved = (column(results, place, name) for name in ("calm_p95_ms", "moved_ms"))
        return [more / max(5, before / 10) for before, more in zip(calm, moved, strict=True)]

    return figures


def _growth() -> Iterator[Bar]:
    yield Bar("growth", "cost, largest backlog to smallest", _backlogs, "×", most=1.1)
    cost = _ratio(_cost("growth/integrations/100"), _cost("growth/integrations/1"))
    yield Bar("growth", "cost, 100 integrations to one", cost, "×", most=1.3)
    rate = _ratio(_of("growth/processes/2", "per_s"), _of("growth/processes/1", "per_s"))
    yield Bar("growth", "deliveries, two processes to one", rate, "×", least=1.6)
    yield Bar("growth", "Redis memory to waiting bytes", _memory, "×", most=1.6)
    yield Bar("growth", "largest worker, memory", _largest, " MB", most=130)


def _rate() -> Iterator[Bar]:
    for limit in (100, 3, 1):
        place = f"rate/{limit} a second"
        yield Bar("rate", f"{limit} a second, achieved", _percent(place), " %", least=97, most=100)
    yield Bar("rate", "100 a second, most in any second", _of("rate/100 a second", "worst"), "", most=100)


def _of(place: str, name: str) -> Figures:
    return lambda results: column(results, place, name)


def _percent(place: str) -> Figures:
    return lambda results: [share * 100 for share in column(results, place, "share")]


def _ratio(above: Figures, below: Figures) -> Figures:
    """Round by round. One that was measured once stands beside the median of the other."""

    def figures(results: Results) -> list[float]:
        over, under = above(results), below(results)
        if not (over and under):
            return []
        if len(over) == len(under):
            return list(map(truediv, over, under))
        return [median(over) / median(under)]

    return figures


def _cost(place: str) -> Figures:
    """CPU of workers and Redis together."""

    def figures(results: Results) -> list[float]:
        parts = zip(*(column(results, place, name) for name in COST), strict=True)
        return [sum(part) for part in parts]

    return figures


def _quickest(vendor: str) -> Figures:
    """Plain Celery's rate: that of its quicker variant, each round."""

    def figures(results: Results) -> list[float]:
        variants = zip(*(column(results, f"deliver/{name}/{vendor}", "per_s") for name in CELERY), strict=True)
        return [max(variant) for variant in variants]

    return figures


def _backlogs(results: Results) -> list[float]:
    sizes = sorted(int(case.removeprefix("backlog/")) for case in results.get("growth", {}) if case[:7] == "backlog")
    if len(sizes) < 2:
        return []
    return list(_ratio(_cost(f"growth/backlog/{sizes[-1]}"), _cost(f"growth/backlog/{sizes[0]}"))(results))


def _memory(results: Results) -> list[float]:
    found = [sample["memory_ratio"] for sample in _all(results, "growth") if "memory_ratio" in sample]
    return [max(found)] if found else []


def _largest(results: Results) -> list[float]:
    found = [sample["rss_mb"] for part in results for sample in _all(results, part) if "rss_mb" in sample]
    return [max(found)] if found else []


def _all(results: Results, part: str) -> Iterator[dict[str, float]]:
    for samples in results.get(part, {}).values():
        yield from samples
