"""The limiter: never over a limit in any window, hardly under it, shared by whom it binds, and nobody sleeps on it."""

from __future__ import annotations

import time
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from itertools import cycle, pairwise, takewhile
from typing import Any

import pytest

import workers
from destinations.form.integration import Integration, install
from destinations.form.parts import Limit
from tests.engine.conftest import StartWorker
from tests.engine.events import refs, track, tracks
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from workers import clearance, holds, keys
from workers.producer import lane_of

pytestmark = pytest.mark.engine

ONE_FOR_NOW = Limit(2, 120, "the next in a minute")


def bound_by(fleet: Fleet, *given: Limit, name: str = "one", site: str = "ABC123", tight: Any = ()) -> Integration:
    """A Klaviyo integration whose account has these limits."""
    spec = fleet.spec("klaviyo", config={"public_api_key": site})
    return replace(install(name, spec), limits=given, tightened=tight)


@dataclass(slots=True)
class Asked:
    """When permits were granted (ms), and the longest that anybody was told to wait for one (ms)."""

    granted: list[int] = field(default_factory=list)
    longest_ms: int = 0


def ask_for(seconds: float, *integrations: Integration) -> Asked:
    """Take permits as fast as they come, in turns."""
    asked = Asked()
    end = time.monotonic() + seconds
    for integration in cycle(integrations):
        permit = clearance.ask(integration)
        if time.monotonic() >= end:
            break
        assert bool(permit.at_ms) == (permit.park_ms == 0)
        asked.granted += [permit.at_ms] if permit.at_ms else []
        asked.longest_ms = max(asked.longest_ms, permit.park_ms)
        time.sleep(0.5 * permit.park_ms / 1000)
    return asked


def each_ms(limit: Limit) -> float:
    """Milliseconds from one permit to the next: nobody waits longer, however few a busy machine gets round to take."""
    return 1000 * limit.seconds / limit.requests / 0.97 + 1


def most_in(window_ms: float, moments: list[int]) -> int:
    """The most moments in any window; one millisecond less long, as the moments are rounded down."""
    ordered = sorted(moments)
    return max(bisect_left(ordered, moment + window_ms - 1) - index for index, moment in enumerate(ordered))


@pytest.mark.parametrize("requests", [1, 3, 5, 100, 350])
def test_no_window_ever_sees_more_than_the_limit_and_the_rest_is_used(fleet: Fleet, requests: int) -> None:
    limit = Limit(requests, 0.2, "a test")
    asked = ask_for(1.0, bound_by(fleet, limit))
    assert most_in(200, asked.granted) <= requests
    assert asked.longest_ms <= each_ms(limit)


def test_of_two_windows_the_stricter_decides_at_every_moment(fleet: Fleet) -> None:
    burst, steady = Limit(10, 0.1, "burst"), Limit(30, 1.0, "steady")
    asked = ask_for(1.5, bound_by(fleet, burst, steady))
    assert most_in(100, asked.granted) <= 10
    assert most_in(1000, asked.granted) <= 30
    assert each_ms(burst) < asked.longest_ms <= each_ms(steady)


def test_integrations_on_one_account_share_its_limit_and_others_have_their_own(fleet: Fleet) -> None:
    one, two = (bound_by(fleet, ONE_FOR_NOW, name=name) for name in ("one", "two"))
    other = bound_by(fleet, ONE_FOR_NOW, name="three", site="XYZ789")
    assert [bool(clearance.ask(integration).at_ms) for integration in (one, one, two, other)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_tightened_limit_binds_one_integration_and_the_accounts_both(fleet: Fleet) -> None:
    wide = Limit(1_000, 1.0, "the vendor")
    tight, free = bound_by(fleet, wide, name="one", tight=(ONE_FOR_NOW,)), bound_by(fleet, wide, name="two")
    assert [bool(clearance.ask(integration).at_ms) for integration in (tight, tight, free)] == [True, False, True]
    tight, free = bound_by(fleet, ONE_FOR_NOW, name="one", tight=(wide,)), bound_by(fleet, ONE_FOR_NOW, name="two")
    assert [bool(clearance.ask(integration).at_ms) for integration in (tight, free)] == [True, False]


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_tightened_limit_holds_over_two_worker_processes_at_saturation(
    fleet: Fleet, start_worker: StartWorker, pool: str
) -> None:
    name = fleet.install("klaviyo", limits={"requests_per_second": 30})[0]
    holds.halt(name, "operator", "until all are there", "")
    events = tracks(100, persons=40)
    workers.enqueue(events)
    for number in ("first", "second"):
        start_worker(name=number, pool=pool)
    fleet.wait_row(name, waiting=100)
    with fleet.redis.monitor() as monitor:
        holds.free(name, "operator")
        fleet.wait_row(name, delivered=100, waiting=0)
        moments = granted(fleet, monitor, keys.limit(name, 1))
    assert sorted(fleet.vendors.refs("klaviyo")) == sorted(refs(events))
    assert len(moments) == 100
    assert most_in(1000, moments) <= 30
    assert max(moments) - min(moments) <= 2 * 100 / 30 * 1000


def granted(fleet: Fleet, monitor: Any, limit: str) -> list[int]:
    """When permits under a limit were granted since the monitor began, by Redis's clock (ms).

    When requests arrive does not tell: on a busy machine some are on their way for longer.
    """
    fleet.redis.echo("enough")
    seen = takewhile(lambda entry: entry["command"] != "ECHO enough", monitor.listen())
    return [int(entry["time"] * 1000) for entry in seen if entry["command"].startswith(f"SET {limit} ")]


def test_a_lane_without_permits_is_parked_and_nobody_sleeps_on_it(fleet: Fleet, start_worker: StartWorker) -> None:
    name = fleet.install("klaviyo", limits={"requests_per_second": 0.5})[0]
    start_worker(name="patient", pool="prefork", FLEET_SLOTS="1")
    other = fleet.add({fleet.name("statsig"): fleet.spec("statsig")})[0]
    events = [track() for _ in range(3)]
    workers.enqueue(events)
    lane = str(lane_of({"user_id": "u1"}, 16))
    for done in (1, 2):
        fleet.wait_row(name, delivered=done, waiting=3 - done)

        def parked() -> bool:
            return not fleet.redis.hexists(keys.state(name, lane), "owner")

        wait_until(parked, 1.0, fleet.status)
        assert 500 < fleet.lanes(name)[lane] - fleet.now_ms() <= 2_010
    fleet.wait_row(other, delivered=3)
    fleet.wait_row(name, delivered=3, waiting=0)
    moments = [kept["at"] for kept in fleet.vendors.kept("klaviyo")]
    assert all(1.98 < later - earlier < 4.0 for earlier, later in pairwise(moments))
    assert fleet.vendors.refs("klaviyo") == refs(events)
