"""Integrations change while the fleet runs: noticed within a second, and nothing that waits is lost."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

import workers
from tests.engine.conftest import options, part_of
from tests.engine.events import refs, track, tracks
from tests.engine.fleet import Fleet
from tests.engine.vendors import Vendors
from tests.engine.waiting import holds_for, wait_until
from workers import holds
from workers.local.parts import Worker
from workers.local.server import LocalRedis

pytestmark = pytest.mark.engine


def test_a_renamed_event_is_sent_under_its_new_name_within_a_second(fleet: Fleet, worker: Worker) -> None:
    events = {"Order Completed": "first_name"}
    name = fleet.install("launchdarkly", blueprint={"events": events})[0]
    renamed = {"Order Completed": "second_name"}
    deadline, changed_at = time.monotonic() + 15.0, 0.0
    while time.time() < (changed_at + 2.0 if changed_at else math.inf):
        assert changed_at or time.monotonic() < deadline, fleet.status()
        workers.enqueue(tracks(4))
        if not changed_at and fleet.vendors.kept("launchdarkly"):
            changed_at = time.time()
            fleet.install("launchdarkly", blueprint={"events": renamed})
        time.sleep(0.02)
    fleet.wait_done()
    on_its_way = 0.3
    sent = [(kept["at"], kept["item"]["key"]) for kept in fleet.vendors.kept("launchdarkly")]
    assert {key for at, key in sent if at < changed_at} == {"first_name"}
    assert {key for at, key in sent if at > changed_at + 1.0 + on_its_way} == {"second_name"}
    assert fleet.row(name)["delivered"] == len(sent)


def test_a_new_integration_is_served_by_running_workers(fleet: Fleet, worker: Worker) -> None:
    first = fleet.install("statsig")[0]
    workers.enqueue(tracks(3))
    fleet.wait_row(first, delivered=3)
    second = fleet.add({fleet.name("klaviyo"): fleet.spec("klaviyo")})[0]
    workers.enqueue(tracks(5))
    fleet.wait_row(second, 6.0, delivered=5)
    wait_until(lambda: f"Started consuming from {second}" in worker.output(), 1.0, worker.output)
    fleet.wait_row(first, delivered=8)


@pytest.mark.parametrize("way", ["enabled: false", "left out, and pruned"])
def test_what_is_disabled_holds_its_events_and_delivers_them_when_it_is_back(
    fleet: Fleet, worker: Worker, way: str
) -> None:
    name, other = fleet.install("statsig", "launchdarkly")
    events = tracks(6, persons=2)
    workers.enqueue(events[:2])
    fleet.wait_row(name, delivered=2)
    holds.halt(name, "operator", "until the change", "")
    workers.enqueue(events[2:4])
    fleet.wait_row(name, waiting=2)
    spec = fleet.document["integrations"][name]
    if way == "enabled: false":
        fleet.add({name: {**spec, "enabled": False}})
    else:
        del fleet.document["integrations"][name]
        fleet.document["pipelines"]["default"]["integrations"].remove(name)
        fleet.apply(prune=True)
    held = fleet.wait_held(name, "disabled")
    assert held["until"] is None
    workers.enqueue(events[4:])
    kept = 4 if way == "enabled: false" else 2
    fleet.wait_row(other, delivered=6)
    fleet.wait_row(name, delivered=2, waiting=kept)
    holds_for(lambda: fleet.row(name)["waiting"] == kept, 0.3, fleet.status)
    fleet.add({name: {**spec, "enabled": True}})
    fleet.wait_row(name, delivered=2 + kept, waiting=0, held=None)
    assert sorted(fleet.vendors.refs("statsig")) == sorted(refs(events[: 2 + kept]))


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose path leaves room in the 108 bytes of a socket's."""
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder:
        yield Path(folder)


def test_redis_and_broker_are_reached_over_a_unix_socket(short_folder: Path, sandbox: Vendors) -> None:
    sandbox.clear()
    socket = short_folder / "redis.sock"
    url = f"unix://{socket}?db=1"
    with (
        LocalRedis(short_folder, extra_args=["--unixsocket", str(socket)]),
        Redis.from_url(url) as client,
        part_of(url),
        Worker(short_folder, url, env=options("threads")),
    ):
        fleet = Fleet(client, sandbox)
        name = fleet.install("statsig")[0]
        event = track()
        workers.enqueue(event)
        fleet.wait_row(name, delivered=1)
        assert sandbox.refs("statsig") == refs([event])
        assert client.exists(f"_kombu.binding.{name}")
