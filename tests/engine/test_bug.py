"""A bug in a destination costs the event it strikes, and nobody else. This one is one file, added from outside."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import destinations
import workers
from destinations.form.catalog import catalog
from tests.engine.conftest import options
from tests.engine.dsn import Sentry
from tests.engine.events import refs, track
from tests.engine.fleet import CONFIGS, Fleet
from tests.engine.waiting import wait_until
from workers import holds, keys
from workers.local.processes import Process
from workers.local.server import LocalRedis

pytestmark = pytest.mark.engine

SOURCE = '''
"""Brittle: takes what Statsig takes, and breaks now and then."""

from dataclasses import replace

from destinations import statsig


def finish(draft):
    if draft.event["properties"].get("breaks") == "transform":
        return [draft.event["properties"]["missing"]]
    return statsig.finish(draft)


def request(records, integration, key):
    if any(record["metadata"].get("breaks") == "request" for record in records):
        raise ZeroDivisionError(f"{integration.secrets} for {records}")
    return statsig.request(records, integration, key)


destination = replace(statsig.destination, name="brittle", title="Brittle", finish=finish, request=request)
'''

PRIVATE = ("jane@example.com", "Order Completed", CONFIGS["statsig"]["server_secret_key"])

WITH_BRITTLE = """
import sys
import destinations
destinations.__path__.append(sys.argv.pop(1))
from celery.__main__ import main
main()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with one more destination, known to this process."""
    (tmp_path / "brittle.py").write_text(SOURCE)
    destinations.__path__.append(str(tmp_path))
    catalog.cache_clear()
    yield tmp_path
    destinations.__path__.remove(str(tmp_path))
    catalog.cache_clear()
    sys.modules.pop("destinations.brittle", None)


@pytest.fixture(params=["threads", "prefork"])
def brittle_worker(request: pytest.FixtureRequest, folder: Path, here: LocalRedis, sentry: Sentry) -> Iterator[Process]:
    """A worker that knows the destination, too."""
    celery = ["-A", "workers.app", "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    command = [sys.executable, "-c", WITH_BRITTLE, str(folder), *celery]
    env = {**options(request.param), "FLEET_SENTRY_DSN": sentry.dsn}
    with Process("worker", command, folder, env=env) as started:
        wait_until(lambda: " ready." in started.output(), 20, started.output)
        yield started


@pytest.mark.parametrize("where", ["transform", "request"])
def test_a_bug_makes_a_dead_letter_of_one_event_and_the_others_arrive(
    fleet: Fleet, brittle_worker: Process, sentry: Sentry, where: str
) -> None:
    spec = {**fleet.spec("statsig"), "destination": "brittle"}
    name = fleet.add({fleet.name("brittle"): spec})[0]
    holds.halt(name, "operator", "until all are there", "")
    events = [track(user="jane@example.com", properties={"breaks": where} if turn == 9 else {}) for turn in range(20)]
    workers.enqueue(events)
    fleet.wait_row(name, waiting=20)
    holds.free(name, "operator")
    row = fleet.wait_row(name, waiting=0)
    assert (row["delivered"], row["dead"]) == (19, 1)
    assert fleet.vendors.refs("statsig") == refs(events[:9] + events[10:])
    (letter,) = fleet.letters(keys.dead(name))
    assert (letter["kind"], letter["attempts"], letter["request"]) == ("bug", 0, None)
    assert letter["reason"].startswith({"transform": "KeyError: 'missing'", "request": "ZeroDivisionError: "}[where])
    assert letter["event"]["properties"]["ref"] == refs(events)[9]
    assert "Not your event's fault" in letter["hint"]
    assert "a bug of ours" in brittle_worker.output()
    [report] = wait_until(lambda: sentry.reports, last=brittle_worker.output)
    [error] = report["exception"]["values"]
    assert error["type"] == {"transform": "KeyError", "request": "ZeroDivisionError"}[where]
    assert error["stacktrace"]["frames"][-1]["function"] == {"transform": "finish", "request": "request"}[where]
    assert (report["level"], report["tags"]["part"]) == ("error", "worker")
    assert report["release"].startswith("signal-fleet@")
    told = b"".join(sentry.raw).decode()
    assert not [word for word in PRIVATE if word in told]
