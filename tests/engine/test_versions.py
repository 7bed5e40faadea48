"""Formats that are not ours are refused; a copy of a running Redis is a whole fleet."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from redis import Redis

import workers
from tests.engine.conftest import options, part_of
from tests.engine.events import refs, track, tracks
from tests.engine.fleet import Fleet
from tests.engine.vendors import Vendors
from tests.engine.waiting import wait_until
from workers import groups, keys
from workers.cli import main
from workers.deliver import deliver
from workers.local.parts import Worker
from workers.local.processes import NotReady
from workers.local.server import LocalRedis
from workers.route import route

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("later", [True, False], ids=["a later fleet beside ours", "ours says it is another"])
def test_an_unknown_format_is_refused_by_producers_and_workers(fleet: Fleet, tmp_path: Path, later: bool) -> None:
    if later:
        fleet.redis.hset("fleet:2:fleet", "lanes", 16)
    else:
        fleet.install("statsig")
        fleet.redis.hset(keys.FLEET, "format", 2)
    said = "has format 2, this program knows format 1 alone"
    with pytest.raises(workers.UnknownFormat, match=said) as refused:
        workers.enqueue(track())
    assert isinstance(refused.value, workers.NotKept)
    url = fleet.redis.connection_pool.connection_kwargs
    with pytest.raises(NotReady, match=said):
        Worker(tmp_path, f"redis://127.0.0.1:{url['port']}/0", env=options("threads")).start()
    supervised = CliRunner().invoke(main, ["worker"], catch_exceptions=False)
    assert supervised.exit_code == 1
    assert said in supervised.stderr
    fleet.redis.delete("fleet:2:fleet")


def test_what_a_later_release_adds_to_a_group_is_passed_over() -> None:
    group = groups.Group("1-1", ["1-1"], ["u1"], tries=2)
    stored = {**orjson.loads(group.packed()), "added_later": True}
    assert groups.unpack(orjson.dumps(stored)) == group
    assert groups.unpack(orjson.dumps({"id": "1-1", "ids": ["1-1"], "persons": ["u1"], "tries": 2})) == group


def test_a_copy_of_a_running_redis_is_a_whole_fleet(tmp_path: Path, sandbox: Vendors) -> None:
    sandbox.clear()
    before = tracks(200)
    with LocalRedis(tmp_path / "first") as first, Redis.from_url(first.url) as client, part_of(first.url):
        fleet = Fleet(client, sandbox)
        statsig, kustomer = fleet.install("statsig", "kustomer")
        workers.enqueue(before[:150])
        while route()["lane"]:
            pass
        sandbox.fault("kustomer", status=400, times=3)
        for _ in range(3):
            deliver(kustomer)
        delivered = fleet.row(kustomer)["delivered"]
        assert delivered
        workers.enqueue(before[150:])
        copied(client, tmp_path / "first", tmp_path / "second")
    with LocalRedis(tmp_path / "second") as second, Redis.from_url(second.url) as client, part_of(second.url):
        fleet = Fleet(client, sandbox)
        audit = CliRunner().invoke(main, ["audit"], catch_exceptions=False)
        assert audit.exit_code == 0, audit.stdout
        assert fleet.status()["received"] >= 200
        assert (fleet.row(kustomer)["delivered"], fleet.row(kustomer)["dead"]) == (delivered, 3)
        with Worker(tmp_path, second.url, env=options("threads")):
            status = fleet.wait_done(30)
        assert status["integrations"][statsig]["delivered"] == status["received"]
        assert set(refs(before)) <= set(sandbox.refs("statsig"))
        assert len(set(refs(before)) & set(sandbox.refs("kustomer"))) == 200 - 3


def copied(redis: Redis, source: Path, target: Path) -> None:
    """Copy the data of a working Redis as docs/backup.md says, while events come in."""
    ended = threading.Event()
    flood = threading.Thread(target=lambda: [workers.enqueue(tracks(20)) for _ in iter(ended.is_set, True)])
    redis.bgrewriteaof()
    flood.start()
    redis.config_set("auto-aof-rewrite-percentage", 0)
    wait_until(lambda: not redis.info("persistence")["aof_rewrite_in_progress"])
    shutil.copytree(source / "appendonlydir", target / "appendonlydir")
    redis.config_set("auto-aof-rewrite-percentage", 100)
    ended.set()
    flood.join()
