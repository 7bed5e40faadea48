"""A worker that no longer gets its tickets finds out by itself: after Redis restarts, and when it has gone deaf."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

import workers
from tests.engine.conftest import options, part_of
from tests.engine.events import tracks
from tests.engine.fleet import Fleet
from tests.engine.vendors import Vendors
from tests.engine.waiting import wait_until
from workers.local.parts import Worker
from workers.local.processes import Process
from workers.local.server import LocalRedis

pytestmark = pytest.mark.engine

QUICK = {"FLEET_PING_SECONDS": "0.5", "FLEET_DEAF_SECONDS": "3"}
THIEVES = 8
THIEF = "thief"


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[LocalRedis]:
    """A Redis that a test may kill. It keeps all it has said yes to."""
    with LocalRedis(tmp_path / "redis", extra_args=["--appendfsync", "always"]) as server:
        yield server


@pytest.fixture
def own(own_redis: LocalRedis, sandbox: Vendors) -> Iterator[Fleet]:
    """A fleet in that Redis."""
    sandbox.clear()
    with Redis.from_url(own_redis.url) as client, part_of(own_redis.url):
        yield Fleet(client, sandbox)


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_worker_goes_on_when_redis_was_killed_and_comes_back(
    own: Fleet, own_redis: LocalRedis, tmp_path: Path, pool: str
) -> None:
    [name] = own.install("statsig")
    with Worker(tmp_path, own_redis.url, name="worker", env=options(pool)) as worker:
        workers.enqueue(tracks(50))
        own.wait_row(name, delivered=50)
        for round_ in (2, 3):
            own_redis.kill()
            wait_until(lambda: "Redis is away" in worker.output(), 10, worker.output)
            own_redis.start()
            workers.enqueue(tracks(50))
            own.wait_row(name, 10, delivered=50 * round_)
        assert worker.running, worker.output()
        assert "deaf" not in worker.output()


def test_a_deaf_worker_says_so_and_is_started_again(own: Fleet, own_redis: LocalRedis, tmp_path: Path) -> None:
    [name] = own.install("statsig")
    fleet = [sys.executable, "-c", "from workers.cli import main; main()"]
    command = [*fleet, "worker", "--pool", "threads", "--slots", "4", "--processes", "1"]
    env = {**QUICK, "FLEET_REDIS_URL": own_redis.url}
    with Process("supervisor", command, tmp_path, env=env) as supervisor:
        supervisor.wait_until(lambda: " ready." in supervisor.output(), 30)
        started = time.monotonic()
        with deafened(own_redis, f"ears.fleet1-{supervisor.pid}@{socket.gethostname()}"):
            supervisor.wait_until(lambda: "this worker is deaf" in supervisor.output(), 20)
        assert time.monotonic() - started > 3
        supervisor.wait_until(lambda: supervisor.output().count(" ready.") == 2, 30)
        assert "worker ended; starting another" in supervisor.output()
        workers.enqueue(tracks(20))
        own.wait_row(name, delivered=20)


def health(server: LocalRedis) -> subprocess.CompletedProcess[str]:
    """``fleet health``, less patient than the workers are."""
    command = [sys.executable, "-c", "from workers.cli import main; main()", "health"]
    env = {**os.environ, "FLEET_REDIS_URL": server.url, "FLEET_PING_SECONDS": "0.5", "FLEET_DEAF_SECONDS": "1.5"}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=20, check=False)


def test_the_health_command_fails_while_a_worker_is_deaf_and_when_there_is_none(
    own: Fleet, own_redis: LocalRedis, tmp_path: Path
) -> None:
    own.install("statsig")
    assert "no worker" in health(own_redis).stderr
    env = {"FLEET_PING_SECONDS": "0.2", "FLEET_DEAF_SECONDS": "60"}
    with Worker(tmp_path, own_redis.url, name="worker", env={**options("threads"), **env}) as worker:
        wait_until(lambda: health(own_redis).stdout == "1 worker gets its tickets\n", 10, worker.output)
        with deafened(own_redis, f"ears.worker@{socket.gethostname()}"):
            said = f"worker@{socket.gethostname()} has heard nothing for"
            wait_until(lambda: said in health(own_redis).stderr, 10, worker.output)
        os.kill(worker.pid, signal.SIGSTOP)
        wait_until(lambda: health(own_redis).returncode == 1, 10, worker.output)
        os.kill(worker.pid, signal.SIGCONT)
    wait_until(lambda: health(own_redis).returncode == 1)  # none, or deaf for good where it had to be killed


@contextmanager
def deafened(server: LocalRedis, queue: str) -> Iterator[None]:
    """Steal what a worker says to itself: thieves who block longer than the worker does are served before it."""
    with Redis.from_url(server.url) as redis, ThreadPoolExecutor(THIEVES) as pool:
        for _ in range(THIEVES):
            pool.submit(steal, server, queue)
        yield
        for client in redis.client_list():
            if client["name"] == THIEF:
                redis.client_kill_filter(_id=client["id"])


def steal(server: LocalRedis, queue: str) -> None:
    """Take every message of a queue, until the connection is cut."""
    with Redis.from_url(server.url, client_name=THIEF, retry=Retry(NoBackoff(), 0)) as redis:
        while True:
            redis.brpop([queue], timeout=0)
