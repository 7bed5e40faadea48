"""What a crash can break mends itself: lost tickets, killed workers."""

from __future__ import annotations

import pytest

import workers
from tests.engine.conftest import StartWorker
from tests.engine.events import refs, track, tracks
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from workers import keys

pytestmark = pytest.mark.engine

POOLS = pytest.mark.parametrize("pool", ["threads", "prefork"])


@POOLS
def test_a_lost_ticket_is_issued_again(fleet: Fleet, start_worker: StartWorker, pool: str) -> None:
    name = fleet.install("statsig")[0]
    router = start_worker("-Q", "route", name="router", pool=pool)
    events = tracks(20)
    workers.enqueue(events[:10])
    fleet.wait_row(name, waiting=10)
    router.stop()
    workers.enqueue(events[10:])
    assert fleet.redis.llen("route") > 0
    fleet.redis.delete("route", name, keys.ticketed("route"), keys.ticketed(name))
    start_worker(name="all", pool=pool)
    fleet.wait_row(name, 8, delivered=20, waiting=0)
    assert sorted(fleet.vendors.refs("statsig")) == sorted(refs(events))


@POOLS
def test_a_ticket_lost_on_the_way_costs_its_mark_and_no_more(
    fleet: Fleet, start_worker: StartWorker, pool: str
) -> None:
    name = fleet.install("statsig")[0]
    start_worker(name="all", pool=pool)
    workers.enqueue(track())
    fleet.wait_row(name, delivered=1)
    for queue in ("route", name):
        fleet.redis.set(keys.ticketed(queue), "1", px=1_500)
    lost_at = fleet.now_ms()
    workers.enqueue(track())
    fleet.wait_row(name, 10, delivered=2)
    assert fleet.now_ms() - lost_at >= 1_400


@POOLS
def test_a_new_worker_finishes_what_a_killed_one_left(fleet: Fleet, start_worker: StartWorker, pool: str) -> None:
    names = fleet.install("kustomer", "statsig", timeout={"connect": 0.5, "total": 1.0})
    fleet.vendors.fault("kustomer", latency_ms=40.0)
    first = start_worker(name="first", pool=pool)
    events = tracks(600, persons=30)
    for start in range(0, len(events), 60):
        workers.enqueue(events[start : start + 60])
    wait_until(lambda: fleet.row(names[0])["delivered"] > 30 and not fleet.status()["inbox_waiting"], last=fleet.status)
    first.kill()
    left = fleet.row(names[0])
    assert 0 < left["in_flight"] <= left["waiting"]
    assert left["balance"] == 0
    start_worker(name="second", pool=pool)
    status = fleet.wait_done(30)
    for vendor, name in zip(("kustomer", "statsig"), names, strict=True):
        assert status["integrations"][name]["delivered"] == 600
        arrived = fleet.vendors.refs(vendor)
        assert set(arrived) == set(refs(events))
        assert len(arrived) - 600 <= left["in_flight"] + 64
