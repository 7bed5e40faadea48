"""An exception nobody foresaw: its lane rests, longer each time, and people are told; other lanes go on."""

from __future__ import annotations

from typing import Any

import pytest

import workers
from tests.engine.events import tracks
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from workers import keys
from workers.attention import wanted
from workers.local.parts import Worker
from workers.registry import registry
from workers.stumbles import stumbling

pytestmark = [pytest.mark.engine, pytest.mark.parametrize("worker", ["threads"], indirect=True, scope="module")]


def stumbled(fleet: Fleet, queue: str, times: int) -> dict[str, Any]:
    """The lane of a queue that stumbled so often in a row."""
    found: list[dict[str, Any]] = []

    def look() -> bool:
        found[:] = [lane for lane in stumbling([queue]) if lane["times"] >= times]
        return bool(found)

    wait_until(look, last=fleet.status)
    return found[0]


def test_a_lane_that_cannot_be_worked_rests_longer_each_time(fleet: Fleet, worker: Worker) -> None:
    [name] = fleet.install("statsig")
    unreadable = keys.waiting(name, 3)
    fleet.redis.xadd(unreadable, {"event": b"no JSON"})
    fleet.redis.hincrby(keys.ledger(name), "accepted", 1)
    fleet.redis.zadd(keys.agenda(name), {"3": 0})
    lane = stumbled(fleet, name, 2)
    rest = fleet.lanes(name)["3"] - fleet.now_ms()
    assert 500 < rest <= 4_000
    assert (lane["lane"], lane["error"].startswith("JSONDecodeError")) == ("3", True)
    assert any(name in want and "error of ours" in want for want in wanted(registry()))
    told = [line for line in worker.output().splitlines() if "an exception nobody foresaw" in line and name in line]
    assert len(told) == 1

    workers.enqueue(tracks(40, persons=40))
    wait_until(lambda: fleet.row(name)["delivered"] + fleet.redis.xlen(unreadable) - 1 == 40, last=fleet.status)
    fleet.redis.xdel(unreadable, fleet.redis.xrange(unreadable, count=1)[0][0])
    fleet.redis.hincrby(keys.ledger(name), "accepted", -1)
    fleet.wait_row(name, 20, delivered=40)
    wait_until(lambda: not stumbling([name]), last=fleet.status)


def test_an_inbox_lane_that_cannot_be_routed_rests_too(fleet: Fleet, worker: Worker) -> None:
    fleet.install("statsig")
    fleet.redis.hset(keys.person("u", "u1"), "t:email", b"no JSON")
    workers.enqueue(tracks(3, persons=1))
    lane = stumbled(fleet, keys.ROUTE, 2)
    assert lane["error"].startswith("JSONDecodeError")
    assert worker.running
    fleet.redis.delete(keys.person("u", "u1"))
    fleet.wait_done()
    wait_until(lambda: not stumbling([keys.ROUTE]), last=fleet.status)
