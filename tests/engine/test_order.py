"""Order: events enqueued under one key arrive in order, however many workers share the work."""

from __future__ import annotations

from collections import defaultdict

import pytest

import workers
from tests.engine.conftest import StartWorker
from tests.engine.events import Event, refs, track
from tests.engine.fleet import Fleet

pytestmark = pytest.mark.engine


def by_person(events: list[Event], found: list[str]) -> dict[str, list[str]]:
    """The refs found, by the key they were enqueued under."""
    whose = {event["properties"]["ref"]: event.get("anonymous_id") or event["user_id"] for event in events}
    parts = defaultdict(list)
    for ref in found:
        parts[whose[ref]].append(ref)
    return dict(parts)


@pytest.mark.parametrize(
    "limits", [{"lifted": True}, {"lifted": True, "requests_per_second": 150}], ids=["no limit", "a limit"]
)
def test_events_of_one_key_stay_in_order_across_workers_of_both_pools(
    fleet: Fleet, start_worker: StartWorker, limits: dict[str, object]
) -> None:
    names = fleet.install("kustomer", "klaviyo", "statsig", limits=limits)
    for name, pool in (("one", "threads"), ("two", "threads"), ("three", "prefork")):
        start_worker(name=name, pool=pool, FLEET_BOX_SECONDS="0.1")
    fleet.vendors.fault("kustomer", latency_ms=3.0)
    events = [track(user=f"u{n % 13}", **({"anonymous_id": f"a{n % 7}"} if n % 3 else {})) for n in range(390)]
    for start in range(0, len(events), 30):
        workers.enqueue(events[start : start + 30])
    fleet.wait_done(30)
    wanted = by_person(events, refs(events))
    for vendor in ("kustomer", "klaviyo", "statsig"):
        assert by_person(events, fleet.vendors.refs(vendor)) == wanted, vendor
    assert {fleet.row(name)["delivered"] for name in names} == {390}
