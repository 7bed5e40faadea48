"""One vendor that hardly answers and one that is not there: the same worker brings the others everything meanwhile."""

from __future__ import annotations

import pytest

import workers
from tests.engine.conftest import StartWorker
from tests.engine.events import refs, tracks
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from workers.local.processes import free_port

pytestmark = pytest.mark.engine

HEALTHY = ("kissmetrics", "klaviyo", "launchdarkly")
NUMBER = 120
ANSWER_MS = 4_000


def test_a_slow_and_a_dead_vendor_keep_nothing_from_the_others(fleet: Fleet, start_worker: StartWorker) -> None:
    """The slow one, a request an event, has answered at most what it got at first when the others have had all."""
    healthy = fleet.install(*HEALTHY)
    [slow] = fleet.install("kustomer")
    [dead] = fleet.install("statsig", base_url=f"http://127.0.0.1:{free_port()}")
    fleet.vendors.fault("kustomer", latency_ms=ANSWER_MS)
    start_worker(name="few", FLEET_SLOTS="4", FLEET_FAN_OUT="2")
    events = tracks(NUMBER, persons=60)
    workers.enqueue(events[:60])
    wait_until(lambda: fleet.row(slow)["in_flight"], last=fleet.status)
    workers.enqueue(events[60:])
    wait_until(lambda: all(fleet.row(name)["delivered"] == NUMBER for name in healthy), 30, fleet.status)
    status = fleet.status()["integrations"]
    assert status[slow]["delivered"] <= NUMBER // 4
    assert status[dead]["delivered"] == 0
    assert {row["balance"] for row in status.values()} == {0}
    for vendor in HEALTHY:
        assert sorted(fleet.vendors.refs(vendor)) == sorted(refs(events))
