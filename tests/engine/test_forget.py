"""A person who is forgotten is nowhere any more, and does not come back with what was under way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

import workers
from tests.engine.conftest import StartWorker
from tests.engine.events import Event, refs, track
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from workers import audit, holds, keys
from workers.cli import main
from workers.deliver import deliver
from workers.producer import lane_of
from workers.registry import registry
from workers.route import route

pytestmark = pytest.mark.engine

ADA, HER_COOKIE, HER_PHONE_S_COOKIE = "ada-lovelace", "cookie-4711", "cookie/0815 ü"
HER_TABLET_S_COOKIE = "cookie-2342"
LANE = lane_of({"user_id": ADA}, 16)
EMAIL = "ada@example.com"
TRACES = [text.encode() for text in (ADA, HER_COOKIE, HER_PHONE_S_COOKIE, HER_TABLET_S_COOKIE, EMAIL, "cookie%2F0815")]


def forget(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["forget", *arguments, "--yes", "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def route_all(fleet: Fleet) -> None:
    fleet.redis.zadd(keys.agenda(keys.ROUTE), {"default/raw": 0})
    while route()["lane"]:
        pass


def work_all(fleet: Fleet, *names: str) -> None:
    route_all(fleet)
    for name in names:
        while deliver(name)["lane"]:
            pass


def hers(**fields: Any) -> Event:
    return track(user=ADA, **fields)


def everything(redis: Any) -> Iterator[tuple[bytes, bytes]]:
    """Every key of the fleet, with all it holds as text."""
    for name in redis.scan_iter(b"fleet:*"):
        kind = redis.type(name)
        if kind == b"stream":
            yield name, repr(redis.xrange(name)).encode()
        elif kind == b"hash":
            yield name, repr(redis.hgetall(name)).encode()
        elif kind == b"zset":
            yield name, repr(redis.zrange(name, 0, -1)).encode()
        elif kind == b"set":
            yield name, repr(redis.smembers(name)).encode()
        else:
            yield name, redis.get(name)


def spoken_of(redis: Any) -> list[bytes]:
    """The keys in which the person is mentioned."""
    return sorted({name for name, text in everything(redis) for trace in TRACES if trace in name + text})


def balanced() -> bool:
    fleet = registry()
    fleet.refresh()
    return not [fault for account in audit.audit(fleet) for fault in account.faults]


def make_due(fleet: Fleet, name: str) -> None:
    """Let what waits aside go now."""
    for lane in range(16):
        due = keys.due(name, f"{lane}a")
        for group in fleet.redis.zrange(due, 0, 0):
            fleet.redis.zadd(due, {group: 0})
            fleet.redis.zadd(keys.agenda(name), {f"{lane}a": 0})


def fill(fleet: Fleet, statsig: str, kissmetrics: str) -> None:
    """Leave traces of the person and of another everywhere."""
    workers.identify(ADA, {"email": EMAIL}, anonymous_id=HER_COOKIE, context={"consent": {"marketing": True}})
    workers.identify("u2", {"email": "eve@example.com"}, anonymous_id="cookie-2")
    workers.enqueue([hers(), track(user="u2")])
    work_all(fleet, statsig, kissmetrics)
    for vendor, status in (("statsig", 400), ("kissmetrics", 500)):
        fleet.vendors.fault(vendor, status=status)
    workers.enqueue([hers(), track(user="u2"), track(user=None, anonymous_id=HER_COOKIE)])
    work_all(fleet, statsig, kissmetrics)
    workers.enqueue([hers(), track(user="u2")])
    work_all(fleet, kissmetrics)
    fleet.vendors.fault("statsig", status=500)
    work_all(fleet, statsig)
    for name in (statsig, kissmetrics):
        holds.halt(name, "operator", "a test", "")
    workers.enqueue([hers(), track(user="u2")])
    fleet.redis.xadd(keys.raw("default"), {"event": json.dumps({"userId": ADA, "type": "nonsense"})})
    route_all(fleet)
    workers.enqueue([hers(), track(user="u2"), track(user=None, anonymous_id=HER_PHONE_S_COOKIE)])
    workers.identify(ADA, {}, anonymous_id=HER_PHONE_S_COOKIE)
    alias = {"type": "alias", "previous_id": HER_TABLET_S_COOKIE, "user_id": ADA}
    workers.enqueue([track(user=None, anonymous_id=HER_TABLET_S_COOKIE), alias])
    fleet.redis.xadd(keys.raw("default"), {"event": json.dumps({**hers(), "anonymousId": "é"})})


def test_nothing_is_left_of_a_person_and_everything_of_the_others(fleet: Fleet) -> None:
    statsig, kissmetrics = fleet.install("statsig", "kissmetrics")
    fill(fleet, statsig, kissmetrics)
    rows = fleet.status()["integrations"]
    assert balanced()
    assert [rows[name]["aside"] for name in (statsig, kissmetrics)] == [2, 5]
    assert [rows[name]["dead"] for name in (statsig, kissmetrics)] == [3, 0]

    told = forget(ADA)

    assert spoken_of(fleet.redis) == []
    assert told["ids"]["user_ids"] == [ADA]
    assert sorted(told["ids"]["anonymous_ids"]) == sorted([HER_COOKIE, HER_PHONE_S_COOKIE, HER_TABLET_S_COOKIE])
    counts = {place: told[place] for place in ("identity", "consent", "raw", "inbox", "lanes", "aside", "dead")}
    assert counts == {"identity": 2, "consent": 2, "raw": 1, "inbox": 5, "lanes": 2, "aside": 4, "dead": 3}
    assert told["samples"] > 0
    assert told["under_way"] == 0
    assert balanced()
    after = fleet.status()
    rows = after["integrations"]
    assert after["inbox_waiting"] == 1
    assert [rows[name]["aside"] for name in (statsig, kissmetrics)] == [1, 2]
    assert [rows[name]["dead"] for name in (statsig, kissmetrics)] == [1, 0]
    assert [rows[name]["waiting"] for name in (statsig, kissmetrics)] == [1, 1]
    forgotten = [int(fleet.redis.hget(keys.ledger(name), "forgotten")) for name in (statsig, kissmetrics)]
    assert sum(forgotten) == 2 + 4 + 2
    assert fleet.redis.hget(keys.pipeline_ledger("default"), "forgotten") == b"6"

    fleet.vendors.clear()
    again = hers()
    workers.enqueue([again, track(user="u2")])
    for name in (statsig, kissmetrics):
        holds.free(name, "operator")
        make_due(fleet, name)
    work_all(fleet, statsig, kissmetrics)
    assert fleet.left() == 0
    assert balanced()
    assert len(fleet.vendors.refs("statsig")) == 1 + 1 + 1 + 2
    assert refs([again])[0] in fleet.vendors.refs("statsig")


def test_ids_are_told_before_and_of_others_nothing_is_taken(fleet: Fleet) -> None:
    fleet.install("statsig")
    workers.identify("u1", {}, anonymous_id="shared")
    workers.identify("u2", {}, anonymous_id="shared")
    workers.identify("u1", {}, anonymous_id="own")
    route_all(fleet)
    asked = CliRunner().invoke(main, ["forget", "u1"], catch_exceptions=False)
    assert asked.exit_code == 1
    assert "would erase user u1, anonymous id own for good; add --yes" in asked.stderr
    assert fleet.redis.exists(keys.person("u", "u1"))
    assert forget("u1")["identity"] == 2
    assert fleet.redis.hget(keys.person("a", "shared"), "user") == b'"u2"'
    assert fleet.redis.exists(keys.person("u", "u2"))
    assert forget("--anonymous-id", "shared")["identity"] == 1


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_under_load_nothing_leaves_after_the_forgetting_but_what_came_after_it(
    fleet: Fleet, start_worker: StartWorker, pool: str
) -> None:
    statsig, kustomer = fleet.install("statsig", "kustomer")
    for vendor in ("statsig", "kustomer"):
        fleet.vendors.fault(vendor, status=500, rate=0.2, latency_ms=30.0)
    start_worker(name="worker", pool=pool)
    sent = [track(user=ADA if number % 4 == 0 else f"u{number % 7}") for number in range(600)]
    theirs = set(refs([event for event in sent if event["user_id"] == ADA]))
    workers.enqueue(sent[:300])
    wait_until(lambda: theirs & set(fleet.vendors.refs("kustomer")), 15, fleet.status)
    workers.enqueue(sent[300:])

    told = forget(ADA)

    assert told["under_way"] == 0
    reached = {vendor: theirs & set(fleet.vendors.refs(vendor)) for vendor in ("statsig", "kustomer")}
    later = hers()
    workers.enqueue(later)
    for vendor in ("statsig", "kustomer"):
        fleet.vendors.fault(vendor)
    wait_until(lambda: refs([later])[0] in fleet.vendors.refs("kustomer"), 15, fleet.status)
    wait_until(lambda: not fleet.status()["inbox_waiting"], 15, fleet.status)
    status = fleet.status()["integrations"]
    for vendor, name in (("statsig", statsig), ("kustomer", kustomer)):
        assert theirs & set(fleet.vendors.refs(vendor)) == reached[vendor]
        assert status[name]["balance"] == 0
    assert balanced()
    assert told["lanes"] + told["aside"] + told["inbox"] > 0


def test_what_was_cut_with_an_event_under_way_does_not_leave_any_more(fleet: Fleet, start_worker: StartWorker) -> None:
    [name] = fleet.install("kustomer")
    fleet.vendors.fault("kustomer", latency_ms=1_500.0)
    sent = [hers() for _ in range(3)]
    workers.enqueue(sent)
    route_all(fleet)
    state = keys.state(name, str(LANE))
    start_worker(name="worker", FLEET_BOX_SECONDS="20")
    wait_until(lambda: any(field.startswith(b"sending:") for field in fleet.redis.hkeys(state)), 10, fleet.status)
    told = forget(ADA)
    assert (told["lanes"], told["under_way"]) == (2, 0)
    row = fleet.wait_row(name, delivered=1, waiting=0, in_flight=0)
    assert row["balance"] == 0
    assert fleet.vendors.refs("kustomer") == refs(sent)[:1]
    assert not fleet.redis.hexists(keys.ledger(name), "in_doubt")


def test_what_a_vanished_worker_left_in_doubt_is_forgotten_instead_of_sent_again(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    [name] = fleet.install("kustomer")
    workers.enqueue([hers(), hers()])
    route_all(fleet)
    lane, state = str(LANE), keys.state(name, str(LANE))
    entry = fleet.redis.xrange(keys.waiting(name, lane))[0][0].decode()
    fleet.redis.hset(state, mapping={"owner": "gone", "until": 1, "sending:key": f"0 {entry}", "in_flight": 1})
    monkeypatch.setattr("workers.forget.PATIENCE", 0.3)
    told = forget(ADA)
    assert (told["lanes"], told["under_way"]) == (1, 1)
    assert deliver(name)["forgotten"] == 1
    assert fleet.vendors.refs("kustomer") == []
    assert fleet.row(name)["waiting"] == 0
    assert balanced()
    assert spoken_of(fleet.redis) == []
