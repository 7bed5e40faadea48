"""The metrics: their names, what they say, and where each value is found in a reading."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from gateway.metrics.reading import Counters, Pipeline, Reading, Row
from workers.ledger import under
from workers.timing import BOUNDS_MS, BUCKETS

PIPELINE, INTEGRATION = ("pipeline",), ("integration",)

COUNTERS = {
    "fleet_received_events": (PIPELINE, "Events kept in an inbox."),
    "fleet_routed_events": (PIPELINE, "Events that were routed."),
    "fleet_duplicate_events": (PIPELINE, "Events whose message id came again, and were dropped."),
    "fleet_invalid_events": (PIPELINE, "Entries that were no event, and became dead letters of the inbox."),
    "fleet_accepted_events": (INTEGRATION, "Events put into an integration's lanes."),
    "fleet_delivered_events": (INTEGRATION, "Events the vendor accepted."),
    "fleet_filtered_events": ((*INTEGRATION, "reason"), "Events that were not for an integration, by reason."),
    "fleet_dropped_events": (
        (*INTEGRATION, "reason"),
        "Accepted events that were not to be sent after all, by reason.",
    ),
    "fleet_purged_events": (INTEGRATION, "Events and dead letters that were purged."),
    "fleet_forgotten_events": (INTEGRATION, "Events of persons who were forgotten."),
    "fleet_in_doubt_events": (INTEGRATION, "Events that may have arrived without an answer."),
    "fleet_spent_seconds": (
        (*INTEGRATION, "phase"),
        "Time spent: queue, rate and retry summed over delivered events (fleet_timed_events), http over requests.",
    ),
    "fleet_timed_events": (INTEGRATION, "Delivered events over which fleet_spent_seconds is summed."),
}

GAUGES = {
    "fleet_inbox_waiting_events": (PIPELINE, "Events not routed yet."),
    "fleet_inbox_dead_letters": (PIPELINE, "Dead letters of an inbox that are there."),
    "fleet_waiting_events": (INTEGRATION, "Events in lanes."),
    "fleet_aside_events": (INTEGRATION, "Events that wait for their next try, or their replay."),
    "fleet_in_flight_events": (INTEGRATION, "Of those, events that a worker has cut."),
    "fleet_oldest_waiting_seconds": (INTEGRATION, "How long the oldest event in the lanes waits; 0 when none does."),
    "fleet_dead_letters": ((*INTEGRATION, "kind"), "Dead letters that are there, by kind."),
    "fleet_held": (INTEGRATION, "1 while an integration is held, else 0."),
    "fleet_held_seconds": ((*INTEGRATION, "kind"), "For how long an integration is held; only while it is."),
    "fleet_limit_requests_per_second": (
        (*INTEGRATION, "account", "window"),
        "What a limit allows; integrations on one account share it. The window is in seconds.",
    ),
    "fleet_limit_use_ratio": (
        (*INTEGRATION, "account", "window"),
        "The share of a limit that is used up at this moment: at 1 the next request waits.",
    ),
    "fleet_pace_ratio": (
        INTEGRATION,
        "The share of its limits that an account goes at: below 1 after it was throttled.",
    ),
    "fleet_ledger_imbalance_events": (INTEGRATION, "Accepted events without a counted fate. Not 0: a bug of ours."),
    "fleet_redis_memory_ratio": ((), "The share of Redis's memory in use. At 0.8 producers are refused."),
    "fleet_heartbeat_age_seconds": ((), "Seconds since the last heartbeat of any worker."),
}

REQUESTS = "fleet_request_seconds"
INFO = "fleet_integration"


class Families:
    """Metric families to fill: ``add("fleet_waiting_events", 3, "statsig")``."""

    def __init__(self) -> None:
        self._counters = {name: CounterMetricFamily(name, text, labels=of) for name, (of, text) in COUNTERS.items()}
        self._gauges = {name: GaugeMetricFamily(name, text, labels=of) for name, (of, text) in GAUGES.items()}
        self._requests = HistogramMetricFamily(REQUESTS, "How long requests to vendors took.", labels=INTEGRATION)
        self._info = InfoMetricFamily(INFO, "What an integration is an installation of.", labels=INTEGRATION)

    def add(self, name: str, value: float, *labels: str) -> None:
        """Add one value."""
        (self._counters.get(name) or self._gauges[name]).add_metric(labels, value)

    def add_requests(self, name: str, timing: Counters) -> None:
        """Add an integration's histogram of requests."""
        bounds = [*(f"{bound / 1000:g}" for bound in BOUNDS_MS), "+Inf"]
        counts = accumulate(timing.get(bucket, 0) for bucket in BUCKETS)
        self._requests.add_metric([name], list(zip(bounds, counts, strict=True)), timing.get("http_ms", 0) / 1000)

    def add_info(self, name: str, destination: str) -> None:
        """Say of what destination an integration is."""
        self._info.add_metric([name], {"destination": destination})

    def all(self) -> Iterator[Metric]:
        """All families, also those without a value."""
        yield from (*self._counters.values(), *self._gauges.values(), self._requests, self._info)


def families(reading: Reading) -> Iterator[Metric]:
    """The families of a reading."""
    found = Families()
    for name, pipeline in reading.pipelines.items():
        _add_pipeline(found, name, pipeline)
    for name, row in reading.integrations.items():
        found.add_info(name, row.status["destination"])
        _add_events(found, name, row)
        _add_hold(found, name, row)
        _add_limits(found, name, row)
        _add_timing(found, name, row.timing)
    if reading.memory is not None:
        found.add("fleet_redis_memory_ratio", reading.memory)
    if reading.beat is not None:
        found.add("fleet_heartbeat_age_seconds", reading.beat)
    return found.all()


def _add_pipeline(found: Families, name: str, pipeline: Pipeline) -> None:
    for fate in ("received", "routed", "duplicate", "invalid"):
        found.add(f"fleet_{fate}_events", pipeline.ledger.get(fate, 0), name)
    found.add("fleet_inbox_waiting_events", pipeline.waiting, name)
    found.add("fleet_inbox_dead_letters", pipeline.dead, name)


def _add_events(found: Families, name: str, row: Row) -> None:
    for fate in ("accepted", "delivered", "purged", "forgotten", "in_doubt"):
        found.add(f"fleet_{fate}_events", row.ledger.get(fate, 0), name)
    for fate in ("filtered", "dropped"):
        for reason, number in under(row.ledger, fate).items():
            found.add(f"fleet_{fate}_events", number, name, reason)
    for kind, number in under(row.ledger, "dead").items():
        found.add("fleet_dead_letters", number, name, kind)
    for state in ("waiting", "aside", "in_flight"):
        found.add(f"fleet_{state}_events", row.status[state], name)
    found.add("fleet_oldest_waiting_seconds", row.oldest, name)
    found.add("fleet_ledger_imbalance_events", row.status["balance"], name)


def _add_hold(found: Families, name: str, row: Row) -> None:
    found.add("fleet_held", len(row.hold), name)
    for kind, seconds in row.hold.items():
        found.add("fleet_held_seconds", seconds, name, kind)


def _add_limits(found: Families, name: str, row: Row) -> None:
    found.add("fleet_pace_ratio", row.pace, name)
    for window in row.windows:
        found.add("fleet_limit_requests_per_second", window.requests_per_second, name, window.account, window.seconds)
        found.add("fleet_limit_use_ratio", window.use, name, window.account, window.seconds)


def _add_timing(found: Families, name: str, timing: Counters) -> None:
    found.add_requests(name, timing)
    found.add("fleet_timed_events", timing.get("events", 0), name)
    for phase in ("queue", "rate", "retry", "http"):
        found.add("fleet_spent_seconds", timing.get(f"{phase}_ms", 0) / 1000, name, phase)
