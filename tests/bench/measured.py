"""Everything that was measured, as tables of the documentation: a section a part."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from tests.bench import table
from tests.bench.samples import Results, Sample

TITLES = {
    "enqueue": "Enqueue",
    "gateway": "The gateway",
    "deliver": "End to end",
    "limit": "The limit",
    "latency": "Latency",
    "isolation": "Isolation",
    "growth": "Growth",
    "rate": "Rates",
    "tickets": "Tickets",
    "transform": "Transforms",
    "ceiling": "The sink itself",
}
COLUMNS = {
    "per_s": "a second",
    "core_per_s": "a second of its CPU",
    "us": "CPU µs",
    "gateway_us": "gateway µs",
    "client_us": "client µs",
    "worker_us": "workers µs",
    "redis_us": "Redis µs",
    "sink_us": "sink µs",
    "gateway_busy": "gateway %",
    "worker_busy": "workers %",
    "redis_busy": "Redis %",
    "sink_busy": "sink %",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "p99_ms": "p99 ms",
    "calm_p95_ms": "p95 calm, ms",
    "troubled_p95_ms": "p95 troubled, ms",
    "memory_mb": "Redis MB",
    "payload_mb": "waiting MB",
    "rss_mb": "worker MB",
    "late": "still missing",
    "limit": "limit",
    "worst": "most in a second",
    "first": "longest queue, first third",
    "last": "last third",
}


def sections(results: Results) -> str:
    """All sections."""
    return "\n\n".join(f"### {TITLES[part]}\n\n{_table(cases)}" for part, cases in results.items() if cases)


def _table(cases: dict[str, list[Sample]]) -> str:
    medians = {case: _medians(samples) for case, samples in cases.items()}
    names = [name for name in COLUMNS if any(name in found for found in medians.values())]
    rows = [
        [case.replace("/", ", "), *(table.number(found[name]) if name in found else "" for name in names)]
        for case, found in medians.items()
    ]
    return table.markdown(["", *(COLUMNS[name] for name in names)], rows, range(1, len(names) + 1))


def _medians(samples: Sequence[Sample]) -> Sample:
    return {name: median(sample[name] for sample in samples) for name in samples[0]}
