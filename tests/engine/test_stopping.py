"""A worker that ends, told to or not, leaves nothing undone and nothing locked: other workers go on within seconds."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter

import pytest

import workers
from tests.engine.conftest import StartWorker
from tests.engine.events import track
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from workers import keys
from workers.local.parts import Worker
from workers.producer import lane_of

pytestmark = pytest.mark.engine

DEADLINE = 2.0
"""Of a request, in all."""

POOLS = pytest.mark.parametrize("pool", ["threads", "prefork"])


def persons(number: int) -> list[str]:
    """So many users, each in a lane of its own."""
    by_lane: dict[int, str] = {}
    for turn in range(1_000):
        by_lane.setdefault(lane_of({"user_id": f"u{turn}"}, 16), f"u{turn}")
    return list(by_lane.values())[:number]


def owners(fleet: Fleet, name: str) -> dict[str, bytes | None]:
    """Who has each lane in which something waits."""
    lanes = [lane for lane in map(str, range(16)) if fleet.redis.xlen(keys.waiting(name, lane))]
    return {lane: fleet.redis.hget(keys.state(name, lane), "owner") for lane in lanes}


def holds_all(fleet: Fleet, name: str, but: frozenset[bytes | None] = frozenset()) -> bool:
    """Whether two lanes wait, each owned by a worker that is sending, and by nobody in ``but``."""
    found = owners(fleet, name)
    sending = [
        lane
        for lane in found
        if any(field.startswith(b"sending:") for field in fleet.redis.hkeys(keys.state(name, lane)))
    ]
    return len(sending) == 2 and None not in found.values() and not but & set(found.values())


def first_has_all_lanes(fleet: Fleet, start_worker: StartWorker, pool: str) -> tuple[str, Worker]:
    """An integration with a slow vendor, all its lanes worked by one of two workers."""
    [name] = fleet.install("kustomer", timeout={"connect": 1, "total": DEADLINE})
    fleet.vendors.fault("kustomer", latency_ms=800.0)
    workers.enqueue([track(user=user) for user in persons(2) for _ in range(15)])
    first = start_worker(name="first", pool=pool)
    wait_until(lambda: holds_all(fleet, name), 10, fleet.status)
    start_worker(name="second", pool=pool)
    wait_until(lambda: holds_all(fleet, name), 10, fleet.status)
    return name, first


@POOLS
def test_sigterm_ends_after_the_request_in_hand_and_others_have_the_lanes_a_second_later(
    fleet: Fleet, start_worker: StartWorker, pool: str
) -> None:
    name, first = first_has_all_lanes(fleet, start_worker, pool)
    before = frozenset(owners(fleet, name).values())
    told = time.monotonic()
    os.killpg(first.pid, signal.SIGTERM)
    assert first.wait(20) == 0, first.output()
    took = time.monotonic() - told
    assert took < DEADLINE + 2, first.output()
    wait_until(lambda: holds_all(fleet, name, before), 1.0, lambda: (before, owners(fleet, name)))
    fleet.vendors.fault("kustomer")
    row = fleet.wait_row(name, delivered=30, waiting=0)
    assert set(Counter(fleet.vendors.refs("kustomer")).values()) == {1}, row
    assert len(fleet.vendors.refs("kustomer")) == 30
    assert not fleet.redis.hexists(keys.ledger(name), "in_doubt")


@POOLS
def test_sigkill_costs_no_more_than_the_lease_and_others_have_the_lanes(
    fleet: Fleet, start_worker: StartWorker, pool: str
) -> None:
    name, first = first_has_all_lanes(fleet, start_worker, pool)
    before = frozenset(owners(fleet, name).values())
    first.kill()
    killed = time.monotonic()
    wait_until(lambda: holds_all(fleet, name, before), 15, lambda: (before, owners(fleet, name)))
    took = time.monotonic() - killed
    assert took < DEADLINE + 5
    fleet.vendors.fault("kustomer")
    fleet.wait_row(name, delivered=30, waiting=0)
    arrived = Counter(fleet.vendors.refs("kustomer"))
    assert len(arrived) == 30
    assert arrived.total() - 30 <= int(fleet.redis.hget(keys.ledger(name), "in_doubt")) <= 2
