"""The audit finds what does not add up, and tells people once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sentry_sdk
from click.testing import CliRunner, Result
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

import workers
from tests.engine.events import track, tracks
from tests.engine.fleet import Fleet
from workers import audit, keys
from workers.cli import main
from workers.deliver import deliver
from workers.producer import lane_of
from workers.registry import registry
from workers.route import route

pytestmark = pytest.mark.engine

LANE = lane_of({"user_id": "u1"}, 16)


@pytest.fixture
def busy(fleet: Fleet) -> Fleet:
    """A fleet with events of u1 everywhere: raw, in the inbox, in a lane, aside, dead, delivered, filtered."""
    [name] = fleet.install("kustomer")
    fleet.redis.xadd(keys.raw("default"), {"event": "no event"})
    workers.enqueue(tracks(3, persons=1))
    work_all(fleet, name)
    fleet.vendors.fault("kustomer", status=400, times=1)
    workers.enqueue(tracks(1, persons=1))
    work_all(fleet, name)
    fleet.vendors.fault("kustomer", status=500)
    workers.enqueue([*tracks(2, persons=1), track("unknown")])
    work_all(fleet, name)
    fleet.redis.hset(keys.hold(name), mapping={"kind": "operator", "until": 9e15, "since": 0, "reason": "test"})
    workers.enqueue(tracks(4, persons=2))
    route_all(fleet)
    workers.enqueue(tracks(2, persons=1))
    fleet.redis.xadd(keys.raw("default"), {"event": "waits"})
    return fleet


def route_all(fleet: Fleet) -> None:
    """Route what waits, raw streams first."""
    fleet.redis.zadd(keys.agenda(keys.ROUTE), {"default/raw": 0})
    while route()["lane"]:
        pass


def work_all(fleet: Fleet, name: str) -> None:
    """Route and deliver all there is, here and now."""
    route_all(fleet)
    while deliver(name)["lane"]:
        pass


def run_audit() -> Result:
    return CliRunner().invoke(main, ["audit", "--json"], catch_exceptions=False)


def test_the_books_of_a_busy_fleet_balance(busy: Fleet) -> None:
    result = run_audit()
    assert result.exit_code == 0, result.stdout
    told = json.loads(result.stdout)
    pipeline, integration = told["accounts"]
    assert told["balanced"]
    assert (pipeline["came"], pipeline["waiting"], pipeline["dead"]) == (14, 2, 1)
    parts = [integration[part] for part in ("came", "gone", "waiting", "aside", "dead", "balance")]
    assert parts == [10, 3, 4, 2, 1, 0]


def side(busy: Fleet) -> tuple[str, str]:
    return busy.name("kustomer"), f"{LANE}a"


def first(names: Any) -> Any:
    return next(iter(names))


DAMAGES: dict[str, tuple[Callable[[Fleet], Any], str]] = {
    "an event left its lane uncounted": (
        lambda busy: busy.redis.xtrim(keys.waiting(side(busy)[0], LANE), 0),
        "accepted 10, but 3 left and 2 wait, 2 are aside, 1 are dead letters: +2",
    ),
    "an event is in a lane twice": (
        lambda busy: busy.redis.xadd(keys.waiting(side(busy)[0], LANE), {"event": "{}"}),
        "accepted 10, but 3 left and 5 wait, 2 are aside, 1 are dead letters: -1",
    ),
    "a dead letter vanished": (
        lambda busy: busy.redis.xtrim(keys.dead(side(busy)[0]), 0),
        "accepted 10, but 3 left and 4 wait, 2 are aside, 0 are dead letters: +1",
    ),
    "a lane is on no agenda": (
        lambda busy: busy.redis.zrem(keys.agenda(side(busy)[0]), LANE),
        f"lane {LANE} waits, but is not on the agenda",
    ),
    "a side lane is on no agenda": (
        lambda busy: busy.redis.zrem(keys.agenda(side(busy)[0]), side(busy)[1]),
        f"lane {LANE}a waits, but is not on the agenda",
    ),
    "an event of a group vanished": (
        lambda busy: busy.redis.hdel(keys.events(*side(busy)), first(busy.redis.hkeys(keys.events(*side(busy))))),
        "which is not there",
    ),
    "a group vanished": (
        lambda busy: busy.redis.hdel(keys.groups(*side(busy)), first(busy.redis.hkeys(keys.groups(*side(busy))))),
        "2 groups are due, but there are 1",
    ),
    "a group is never due": (
        lambda busy: busy.redis.zpopmin(keys.due(*side(busy))),
        "is never due",
    ),
    "a group waits behind nobody": (
        lambda busy: (
            busy.redis.delete(keys.barrier(*side(busy)))
            and busy.redis.hset(keys.barrier(*side(busy)), "u1", busy.redis.zrevrange(keys.due(*side(busy)), 0, 0)[0])
        ),
        "waits behind nobody",
    ),
    "a person waits behind a group that is gone": (
        lambda busy: busy.redis.hset(keys.barrier(*side(busy)), "u9", "1-1"),
        "a person waits behind group 1-1, which is not there",
    ),
    "an event left the inbox uncounted": (
        lambda busy: busy.redis.xtrim(keys.inbox("default", LANE), 0),
        "received 14, but 12 left the inbox and 0 wait: +2",
    ),
    "an inbox lane is on no agenda": (
        lambda busy: busy.redis.zrem(keys.agenda(keys.ROUTE), f"default/{LANE}"),
        f"inbox lane {LANE} waits, but is not on the agenda",
    ),
    "a dead letter of the inbox vanished": (
        lambda busy: busy.redis.xtrim(keys.inbox_dead("default"), 0),
        "1 were invalid and 0 dead letters left, but 0 are there",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_difference_is_found_and_named(busy: Fleet, damage: str) -> None:
    do, sentence = DAMAGES[damage]
    assert do(busy)
    result = run_audit()
    assert result.exit_code == 1, result.stdout
    faults = [fault for account in json.loads(result.stdout)["accounts"] for fault in account["faults"]]
    assert any(sentence in fault for fault in faults), faults


class Caught(Transport):
    """Keeps what would go to Sentry."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        event: Any = envelope.get_event()
        self.messages.append(event["message"])


@pytest.fixture
def caught() -> Iterator[Caught]:
    transport = Caught()
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(sentry_sdk.Client("http://key@127.0.0.1/1", transport=transport, default_integrations=False))
        yield transport


def test_workers_tell_people_once_of_each_new_difference(fleet: Fleet, caught: Caught) -> None:
    [name] = fleet.install("statsig")
    fleet_now = registry()
    fleet_now.refresh()

    def minute_passes() -> None:
        fleet.redis.delete(keys.AUDIT_TURN)
        audit.audit_in_turn(fleet_now)

    minute_passes()
    assert caught.messages == []
    fleet.redis.hincrby(keys.ledger(name), "accepted", 3)
    audit.audit_in_turn(fleet_now)
    assert caught.messages == []
    minute_passes()
    minute_passes()
    assert len(caught.messages) == 1
    assert f"integration {name}: accepted 3" in caught.messages[0]
    fleet.redis.hincrby(keys.ledger(name), "accepted", 1)
    minute_passes()
    assert len(caught.messages) == 2
    fleet.redis.hincrby(keys.ledger(name), "accepted", -4)
    minute_passes()
    fleet.redis.hincrby(keys.ledger(name), "accepted", 4)
    minute_passes()
    assert len(caught.messages) == 3
