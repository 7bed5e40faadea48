"""Redis at its limits: full to the brim, set up badly, or asked for its disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from redis import Redis
from redis.exceptions import OutOfMemoryError

import workers
from tests.engine.conftest import options, part_of
from tests.engine.events import tracks
from tests.engine.fleet import Fleet
from tests.engine.vendors import Vendors
from tests.engine.waiting import wait_until
from workers.cli import main
from workers.local.parts import Worker
from workers.local.server import LocalRedis
from workers.route import route
from workers.settings import settings
from workers.soundness import unsound

pytestmark = pytest.mark.engine

SOUND: dict[str, Any] = {
    "redis_version": "7.2.4",
    "maxmemory_policy": "noeviction",
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
}


@contextmanager
def own(folder: Path, sandbox: Vendors, *arguments: str, **env: str) -> Iterator[Fleet]:
    """A fleet in a Redis of its own with these options."""
    sandbox.clear()
    with ExitStack() as stack:
        server = stack.enter_context(LocalRedis(folder / "redis", extra_args=arguments))
        client = stack.enter_context(Redis.from_url(server.url))
        stack.enter_context(part_of(server.url, **env))
        yield Fleet(client, sandbox)


def brim(fleet: Fleet) -> None:
    """Lower the limit below what is in use: every ordinary write is refused from now on."""
    fleet.redis.config_set("maxmemory", fleet.redis.info("memory")["used_memory"] - 500_000)
    with pytest.raises(OutOfMemoryError):
        fleet.redis.set("one more", "x")


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_redis_full_to_the_brim_is_drained_also_by_a_worker_that_starts_only_then(
    tmp_path: Path, sandbox: Vendors, pool: str
) -> None:
    with own(tmp_path, sandbox, "--maxmemory", "64mb") as fleet:
        statsig, kustomer = fleet.install("statsig", "kustomer")
        fleet.vendors.fault("kustomer", status=500, times=5)
        workers.enqueue(tracks(300))
        while route()["lane"]:
            pass
        workers.enqueue(tracks(100))
        brim(fleet)
        with Worker(tmp_path, settings().redis_url, env=options(pool)) as worker:
            fleet.wait_row(statsig, delivered=300, waiting=0)
            wait_until(lambda: fleet.row(kustomer)["waiting"] == 0, 15, fleet.status)
            with pytest.raises(workers.Full):
                workers.enqueue(tracks(10))
            status = fleet.status()
            assert status["inbox_waiting"] == 100
            assert [row["balance"] for row in status["integrations"].values()] == [0, 0]
            assert fleet.row(kustomer)["delivered"] + fleet.row(kustomer)["aside"] == 300
            assert worker.running, worker.output()

            fleet.redis.config_set("maxmemory", "64mb")
            fleet.wait_row(statsig, delivered=400)
            assert worker.running, worker.output()
            assert "Unrecoverable" not in worker.output()


class TestDurable:
    def test_returns_when_the_disk_has_the_events(self, tmp_path: Path, sandbox: Vendors) -> None:
        with own(tmp_path, sandbox) as fleet:
            fleet.install("statsig")
            workers.enqueue(tracks(3))
            assert "cmdstat_waitaof" not in fleet.redis.info("commandstats")
            assert len(workers.enqueue(tracks(3), durable=True)) == 3
            assert fleet.redis.info("commandstats")["cmdstat_waitaof"]["calls"] == 1
            assert fleet.status()["received"] == 6

    @pytest.mark.parametrize(
        ("arguments", "env", "why"),
        [
            (["--appendonly", "no"], {}, "durable needs Redis 7.2 or newer with appendonly yes"),
            (["--rename-command", "WAITAOF", ""], {}, "durable needs Redis 7.2 or newer with appendonly yes"),
            (["--appendfsync", "no"], {"FLEET_DURABLE_SECONDS": "0.05"}, "did not write them within 0.05 s"),
        ],
        ids=["no append-only file", "an older Redis", "too slow a disk"],
    )
    def test_says_when_that_is_not_known_though_the_events_are_kept(
        self, tmp_path: Path, sandbox: Vendors, arguments: list[str], env: dict[str, str], why: str
    ) -> None:
        with own(tmp_path, sandbox, *arguments, **env) as fleet:
            fleet.install("statsig")
            with pytest.raises(workers.NotDurable, match=f"the events are kept.*{why}"):
                workers.enqueue(tracks(3), durable=True)
            assert not issubclass(workers.NotDurable, workers.NotKept)
            assert fleet.status()["received"] == 3


@pytest.mark.parametrize(
    ("info", "sentence"),
    [
        ({}, None),
        ({"redis_version": "6.2.14"}, "Redis 6.2.14 is too old"),
        ({"maxmemory_policy": "allkeys-lru"}, "maxmemory-policy allkeys-lru"),
        ({"maxmemory_policy": "volatile-ttl"}, "maxmemory-policy volatile-ttl"),
        ({"aof_enabled": 0}, "set appendonly yes"),
        ({"aof_last_write_status": "err"}, "cannot write to its disk"),
    ],
)
def test_every_weakness_is_named_with_its_remedy(info: dict[str, Any], sentence: str | None) -> None:
    found = unsound({**SOUND, **info})
    assert len(found) == (sentence is not None)
    assert sentence is None or sentence in found[0]


def test_workers_and_status_warn_of_a_redis_that_may_lose_events(tmp_path: Path, sandbox: Vendors) -> None:
    with own(tmp_path, sandbox, "--appendonly", "no", "--maxmemory-policy", "allkeys-lru") as fleet:
        fleet.install("statsig")
        with Worker(tmp_path, settings().redis_url, env=options("threads")) as worker:
            told = worker.output()
        status = CliRunner().invoke(main, ["status"], catch_exceptions=False).stdout
        for output in (told, status):
            assert "maxmemory-policy allkeys-lru" in output
            assert "set appendonly yes" in output
