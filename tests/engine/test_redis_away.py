"""Redis goes away between a vendor's answer and its settling: what was answered is booked, not sent again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis

import workers
from tests.engine.conftest import part_of
from tests.engine.events import tracks
from tests.engine.fleet import Fleet
from tests.engine.vendors import Vendors
from workers.connection import AWAY, own
from workers.flights import Settlement
from workers.head import Head
from workers.lanes import Lane, lease, renewer
from workers.local.server import LocalRedis
from workers.route import route

pytestmark = pytest.mark.engine

GIVEN_UP_AFTER = 1.5
"""Seconds by which one call to Redis, with its own tries, has failed."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalRedis]:
    """A Redis that may be killed, and keeps all it has said yes to."""
    with LocalRedis(tmp_path / "redis", extra_args=["--appendfsync", "always"]) as started:
        yield started


@pytest.fixture
def flying(server: LocalRedis, sandbox: Vendors) -> Iterator[tuple[Fleet, str, Head, Settlement]]:
    """A leased lane whose one request was just delivered."""
    with Redis.from_url(server.url) as client, part_of(server.url):
        fleet = Fleet(client, sandbox)
        [name] = fleet.install("statsig")
        workers.enqueue(tracks(3, persons=1))
        route()
        lane = lease(name)
        assert isinstance(lane, Lane)
        renewer().forget(lane)
        head = Head(lane)
        [cut] = head.cut(10)
        yield fleet, name, head, Settlement(cut.members, "delivered", "", mark=cut.key)


def test_what_was_answered_is_settled_when_redis_is_back(
    flying: tuple[Fleet, str, Head, Settlement], server: LocalRedis
) -> None:
    fleet, name, head, settlement = flying
    server.kill()
    with ThreadPoolExecutor(1) as pool:
        settling = pool.submit(head.settle, settlement)
        with pytest.raises(AWAY):
            own().ping()
        time.sleep(GIVEN_UP_AFTER)
        assert not settling.done()
        server.start()
        assert settling.result(10) == 3
    assert (fleet.row(name)["delivered"], fleet.row(name)["waiting"]) == (3, 0)


def test_it_is_given_up_when_the_lease_may_have_run_out(
    flying: tuple[Fleet, str, Head, Settlement], server: LocalRedis
) -> None:
    _, _, head, settlement = flying
    server.kill()
    head.lane.safe_until = 0.0
    with pytest.raises(AWAY):
        head.settle(settlement)
