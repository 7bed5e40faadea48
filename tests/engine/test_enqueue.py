"""Enqueue: kept, all of it, when it returns; nothing kept, and told why, when it raises."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis

import workers
from tests.engine.conftest import part_of
from tests.engine.events import Event, track, tracks
from tests.engine.fleet import Fleet
from tests.engine.vendors import Vendors
from tests.engine.waiting import wait_until
from workers import keys
from workers.deliver import deliver
from workers.heartbeat import note_memory
from workers.local.processes import free_port
from workers.local.server import LocalRedis
from workers.producer import Producer, lane_of
from workers.route import route

pytestmark = pytest.mark.engine


def test_every_fault_of_every_event_is_named_and_none_is_kept(fleet: Fleet) -> None:
    fleet.install("statsig")
    bad: list[Event] = [{"type": "track", "user_id": "u1"}, {"type": "page", "timestamp": "soon"}]
    with pytest.raises(workers.Refused) as refused:
        workers.enqueue([track(), *bad, track()])
    places = {fault.partition(":")[0] for fault in refused.value.faults}
    assert {"events[1].event", "events[2].timestamp"} <= places
    assert any(fault.startswith("events[2].") and "user_id" in fault for fault in refused.value.faults)
    assert not any(place.startswith(("events[0]", "events[3]")) for place in places)
    assert fleet.status()["received"] == 0


def test_an_unknown_pipeline_and_an_empty_redis_are_told_apart(fleet: Fleet) -> None:
    with pytest.raises(workers.UnknownPipeline, match="nothing is installed"):
        workers.enqueue(track())
    fleet.install("statsig")
    with pytest.raises(workers.UnknownPipeline, match="no pipeline 'shop'"):
        workers.enqueue(track(), "shop")
    assert issubclass(workers.UnknownPipeline, workers.NotKept)
    assert fleet.status()["received"] == 0
    assert workers.enqueue([]) == []


def test_a_producer_that_reckons_with_other_lanes_learns_how_many_there_are(fleet: Fleet, here: LocalRedis) -> None:
    fleet.install("statsig")
    events = tracks(40, persons=20)
    with part_of(here.url, FLEET_LANES="7"):
        workers.enqueue(events[:20])
        workers.enqueue(events[20:])
    found = {
        lane: fleet.redis.xlen(keys.inbox("default", lane))
        for lane in range(16)
        if fleet.redis.exists(keys.inbox("default", lane))
    }
    wanted: dict[int, int] = {}
    for event in events:
        wanted[lane_of(event, 16)] = wanted.get(lane_of(event, 16), 0) + 1
    assert found == wanted


def test_a_message_id_is_returned_for_every_event_in_order(fleet: Fleet) -> None:
    fleet.install("statsig")
    ids = workers.enqueue([track(message_id="mine"), track(user="u2"), track(messageId="camel")])
    assert (ids[0], ids[2]) == ("mine", "camel")
    assert len(set(ids)) == 3


class TestAway:
    @pytest.mark.usefixtures("fleet")
    def test_is_told_once_patience_is_at_its_end(self) -> None:
        producer = Producer(f"redis://127.0.0.1:{free_port()}/0", patience=0.6)
        started = time.monotonic()
        with pytest.raises(workers.Away, match="FLEET_REDIS_URL"):
            producer.enqueue([track()])
        assert 0.5 < time.monotonic() - started < 5.0

    def test_is_not_told_when_redis_comes_back_in_time(self, own: Fleet, small: LocalRedis) -> None:
        own.install("statsig")
        workers.enqueue(track())
        small.stop()
        with ThreadPoolExecutor(1) as elsewhere:
            kept = elsewhere.submit(workers.enqueue, track())
            with pytest.raises(TimeoutError):
                kept.result(0.7)
            small.start()
            assert len(kept.result(10)) == 1
        assert own.status()["received"] == 2


@pytest.fixture
def small(tmp_path: Path) -> Iterator[LocalRedis]:
    """A Redis with little memory."""
    with LocalRedis(tmp_path, extra_args=["--maxmemory", "16mb"]) as server:
        yield server


@pytest.fixture
def own(small: LocalRedis, sandbox: Vendors) -> Iterator[Fleet]:
    """A fleet in that Redis."""
    sandbox.clear()
    with Redis.from_url(small.url) as client, part_of(small.url):
        yield Fleet(client, sandbox)


def fill(fleet: Fleet, percent: int) -> None:
    """Fill Redis up with something else, and write it down as the heartbeat does."""
    for number in itertools.count():
        memory = fleet.redis.info("memory")
        if memory["used_memory"] * 100 >= memory["maxmemory"] * percent:
            break
        fleet.redis.set(f"filler:{number}", b"x" * 50_000)
    note_memory()


def empty(fleet: Fleet) -> None:
    """Take it out again."""
    fleet.redis.delete(*fleet.redis.keys("filler:*"))
    note_memory()


class TestFull:
    def test_refuses_from_four_fifths_on_and_takes_events_again_below(self, own: Fleet) -> None:
        own.install("statsig")
        fill(own, 83)
        with pytest.raises(workers.Full, match=r"8\d % full"):
            workers.enqueue(tracks(10))
        assert own.status()["received"] == 0
        empty(own)
        assert len(workers.enqueue(tracks(10))) == 10

    def test_stops_the_router_at_nine_tenths_while_deliveries_go_on(self, own: Fleet) -> None:
        name = own.install("statsig")[0]
        workers.enqueue(tracks(20, persons=1))
        route()
        workers.enqueue(tracks(20, persons=1))
        fill(own, 93)
        assert route()["events"] == 0
        assert own.status()["inbox_waiting"] == 20
        assert deliver(name)["delivered"] == 20
        empty(own)
        assert wait_until(lambda: route().get("events"), 3.0, own.status) == 20
        assert deliver(name)["delivered"] == 20
        assert own.row(name)["balance"] == 0

    def test_out_of_memory_keeps_nothing_half_and_deliveries_still_go_on(self, own: Fleet) -> None:
        name = own.install("statsig")[0]
        workers.enqueue(tracks(20, persons=1))
        route()
        before = own.status()
        own.redis.config_set("maxmemory", own.redis.info("memory")["used_memory"] - 100_000)
        events = tracks(50)
        with pytest.raises(workers.Full, match="out of memory"):
            workers.enqueue(events)
        assert own.status() == before
        assert deliver(name)["delivered"] == 20
        own.redis.config_set("maxmemory", "16mb")
        assert len(workers.enqueue(events)) == 50
        assert own.status()["received"] == 70


def test_a_producer_keeps_its_connection_and_one_that_was_cut_meanwhile_costs_nothing(fleet: Fleet) -> None:
    fleet.install("klaviyo")
    impatient = Producer(patience=0)
    impatient.enqueue([track()])
    before = fleet.redis.info("stats")["total_connections_received"]
    impatient.enqueue([track()])
    assert fleet.redis.info("stats")["total_connections_received"] == before
    fleet.redis.client_kill_filter(_type="normal", skipme=True)
    impatient.enqueue([track()])
    assert fleet.status()["received"] == 3
