"""What takes no more than it may: an integration, for which pipelines wait or the newest drop; an inbox's letters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

import workers
from tests.engine.conftest import part_of
from tests.engine.events import refs, tracks
from tests.engine.fleet import Fleet
from workers import holds, keys
from workers.attention import wanted
from workers.audit import audit
from workers.cli import main
from workers.deliver import deliver
from workers.local.server import LocalRedis
from workers.producer import lane_of
from workers.purge_letters import purge_letters
from workers.registry import registry
from workers.route import route

pytestmark = pytest.mark.engine


def install(fleet: Fleet, **bound: Any) -> tuple[str, str]:
    """An integration that is bounded, and held, and one that is not; in one pipeline."""
    specs = {fleet.name("statsig"): fleet.spec("statsig", **bound), fleet.name("kustomer"): fleet.spec("kustomer")}
    tight, wide = fleet.add(specs)
    holds.halt(tight, "operator", "a test", "")
    return tight, wide


def route_all() -> None:
    while route()["lane"]:
        pass


def test_block_stops_its_pipelines_at_the_bound_and_loses_nothing(fleet: Fleet) -> None:
    tight, wide = install(fleet, max_waiting=70)
    elsewhere = fleet.add({fleet.name("klaviyo"): fleet.spec("klaviyo")}, "elsewhere")[0]
    events = tracks(200, persons=3)
    workers.enqueue(events)
    workers.enqueue(tracks(20), "elsewhere")
    route_all()
    assert fleet.row(tight)["waiting"] == 70
    assert fleet.row(wide)["accepted"] == 70
    assert fleet.row(elsewhere)["accepted"] == 20
    assert fleet.status()["inbox_waiting"] == 130
    told = CliRunner().invoke(main, ["status"], catch_exceptions=False).stdout
    assert f"{tight}  full, as many wait as may (max_waiting 70); routing of default waits for it" in told

    holds.free(tight, "operator")
    while fleet.left():
        fleet.redis.zadd(keys.agenda(keys.ROUTE), {f"default/{lane}": 0 for lane in range(16)}, xx=True)
        route_all()
        for name in (tight, wide, elsewhere):
            deliver(name)
    for vendor, name in (("statsig", tight), ("kustomer", wide)):
        assert sorted(fleet.vendors.refs(vendor)) == sorted(refs(events))
        assert (fleet.row(name)["delivered"], fleet.row(name)["balance"]) == (200, 0)


def test_drop_keeps_the_oldest_and_counts_the_rest(fleet: Fleet) -> None:
    tight, wide = install(fleet, max_waiting=70, overflow="drop")
    events = tracks(200, persons=1)
    kept = workers.enqueue(events)
    route_all()
    row = fleet.row(tight)
    assert (row["waiting"], row["accepted"], row["filtered"], row["balance"]) == (70, 70, {"overflow": 130}, 0)
    assert fleet.row(wide)["accepted"] == 200
    assert fleet.status()["inbox_waiting"] == 0
    told = CliRunner().invoke(main, ["status"], catch_exceptions=False).stdout
    assert "(max_waiting 70); further ones are dropped" in told
    shown = CliRunner().invoke(main, ["show", kept[-1]], catch_exceptions=False).stdout
    assert "filtered:overflow" in shown

    holds.free(tight, "operator")
    while deliver(tight)["lane"]:
        pass
    assert fleet.vendors.refs("statsig") == refs(events)[:70]
    workers.enqueue(tracks(5, persons=1))
    route_all()
    assert fleet.row(tight)["waiting"] == 5


@pytest.mark.parametrize("overflow", ["block", "drop"])
def test_events_aside_count_as_waiting(fleet: Fleet, overflow: str) -> None:
    tight, _ = install(fleet, max_waiting=10, overflow=overflow)
    holds.free(tight, "operator")
    fleet.vendors.fault("statsig", status=500)
    workers.enqueue(tracks(8, persons=1))
    route_all()
    while deliver(tight)["lane"]:
        pass
    assert fleet.row(tight)["aside"] == 8
    workers.enqueue(tracks(8, persons=1))
    route_all()
    row = fleet.row(tight)
    assert row["waiting"] + row["aside"] == 10
    assert fleet.status()["inbox_waiting"] == (6 if overflow == "block" else 0)


@pytest.fixture
def keeps_two(here: LocalRedis) -> Iterator[None]:
    """Two dead letters are as many as are kept."""
    with part_of(here.url, FLEET_LETTERS_KEPT="2"):
        yield


def test_an_inbox_full_of_what_was_no_event_stops_at_the_next_and_goes_on_when_there_is_room(
    fleet: Fleet, keeps_two: None
) -> None:
    name = fleet.install("statsig")[0]
    first, second = tracks(2, persons=1)
    bad = {**first, "type": "treck"}
    for event in (bad, bad, first, bad, second):
        fleet.redis.xadd(keys.raw("default"), {"event": orjson.dumps(event)})
    fleet.redis.zadd(keys.agenda(keys.ROUTE), {f"default/{keys.RAW}": 0})
    route_all()
    status = fleet.status()
    assert (status["routed"], status["invalid"], status["inbox_waiting"]) == (1, 2, 2)
    assert [want for want in wanted(registry()) if "inbox/default  2 dead letters" in want]

    letters = [(entry.decode(), "m") for entry, _ in fleet.redis.xrange(keys.inbox_dead("default"))]
    assert purge_letters("inbox/default", letters) == 2
    lane = lane_of({"user_id": "u1"}, registry().lanes)
    fleet.redis.zadd(keys.agenda(keys.ROUTE), {f"default/{lane}": 0})
    route_all()
    assert (fleet.row(name)["accepted"], fleet.status()["inbox_waiting"]) == (2, 0)
    assert not [want for want in wanted(registry()) if "inbox/default" in want]
    assert [fault for account in audit(registry()) for fault in account.faults] == []
