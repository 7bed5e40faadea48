"""``fleet worker``: starts a killed worker again, and ends in good order."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import workers
from tests.engine.events import refs, tracks
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from workers import keys
from workers.local.processes import Process
from workers.local.server import LocalRedis

pytestmark = pytest.mark.engine

FLEET = [sys.executable, "-c", "from workers.cli import main; main()"]


def children(pid: int) -> list[int]:
    """The processes a process has started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.fixture(params=["threads", "prefork"])
def supervisor(request: pytest.FixtureRequest, here: LocalRedis, tmp_path: Path) -> Iterator[Process]:
    """``fleet worker`` with two Celery processes, or one that forks."""
    count = "2" if request.param == "threads" else "1"
    command = [*FLEET, "worker", "--processes", count, "--pool", request.param]
    with Process("supervisor", command, tmp_path) as started:
        yield started


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_killed_worker_is_started_again_and_all_end_cleanly(fleet: Fleet, supervisor: Process) -> None:
    name = fleet.install("statsig")[0]
    wait_until(lambda: supervisor.output().count(" ready.") == len(children(supervisor.pid)) > 0, 20, supervisor.output)
    killed = children(supervisor.pid)
    events = tracks(40)
    workers.enqueue(events[:20])
    fleet.wait_row(name, delivered=20)
    wait_until(lambda: not fleet.redis.exists(keys.leases(name), keys.leases(keys.ROUTE)), last=fleet.status)
    for child in killed:
        os.kill(child, signal.SIGKILL)
    wait_until(lambda: supervisor.output().count(" ready.") == 2 * len(killed), 20, supervisor.output)
    started = children(supervisor.pid)
    assert len(started) == len(killed)
    assert not {*killed} & {*started}
    assert "starting another" in supervisor.output()
    workers.enqueue(events[20:])
    fleet.wait_row(name, delivered=40)
    assert sorted(fleet.vendors.refs("statsig")) == sorted(refs(events))

    everybody = [pid for child in started for pid in (child, *children(child))]
    os.kill(supervisor.pid, signal.SIGTERM)
    assert supervisor.wait(15) == 0
    wait_until(lambda: not any(map(alive, everybody)), 2.0, lambda: everybody)
