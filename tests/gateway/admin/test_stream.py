"""Deliveries as they happen, over a connection that stays open: few at once, and never for ever."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

import workers
from tests.engine.events import track
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from tests.gateway.admin.conftest import Admin
from tests.gateway.door import error
from workers.local.parts import Gateway, Worker
from workers.local.server import LocalRedis

pytestmark = [pytest.mark.engine, pytest.mark.parametrize("worker", ["threads"], indirect=True, scope="module")]

STREAMS = 2
SECONDS = 5
SOON = 3
"""Sooner than a stream ends by itself."""


@pytest.fixture(scope="module")
def gateway(here: LocalRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    env = {
        "FLEET_ADMIN_TOKEN": "token",
        "FLEET_ADMIN_STREAMS": str(STREAMS),
        "FLEET_ADMIN_STREAM_SECONDS": str(SECONDS),
    }
    env |= {"FLEET_GATEWAY_WORKERS": "1", "FLEET_GATEWAY_THREADS": "4"}
    with Gateway(tmp_path_factory.mktemp("gateway"), here.url, env=env) as started:
        yield started


@pytest.fixture
def admin(gateway: Gateway) -> Iterator[Admin]:
    with Admin(gateway.url, "token") as opened:
        yield opened


@contextmanager
def listening(admin: Admin, last: str = "", **params: Any) -> Iterator[Iterator[dict[str, str]]]:
    """The events of an open stream."""
    headers = {"Last-Event-ID": last} if last else {}
    with admin.get("/deliveries/stream", params=params, headers=headers, stream=True) as answer:
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield events_in(answer)


def events_in(answer: requests.Response) -> Iterator[dict[str, str]]:
    event: dict[str, str] = {}
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        name, colon, value = line.partition(": ")
        if name and colon:
            event[name] = value
        elif not line and event.keys() & {"data", "retry"}:
            yield event
            event = {}


def test_deliveries_come_as_they_happen_and_from_where_one_left(admin: Admin, fleet: Fleet, worker: Worker) -> None:
    name, other = fleet.install("klaviyo", "statsig")
    workers.enqueue(track())
    fleet.wait_row(name, delivered=1)
    with listening(admin, integration=name) as events:
        assert next(events) == {"retry": "2000"}
        workers.enqueue(track(user="u2"))
        first = next(events)
    assert first["event"] == "delivery"
    sample = json.loads(first["data"])
    assert (sample["integration"], sample["answer"]["status"], sample["id"]) == (name, 202, first["id"])
    workers.enqueue(track(user="u3"))
    fleet.wait_row(name, delivered=3)
    with listening(admin, last=first["id"]) as events:
        next(events)
        later = [json.loads(next(events)["data"]) for _ in range(2)]
    assert {one["integration"] for one in later} <= {name, other}
    assert first["id"] not in [one["id"] for one in later]


def test_few_are_open_at_once_and_a_place_is_free_when_somebody_leaves(
    admin: Admin, fleet: Fleet, worker: Worker
) -> None:
    fleet.install("klaviyo")
    with ExitStack() as stack:
        for _ in range(STREAMS):
            stack.enter_context(soon(admin))
        answer = admin.get("/deliveries/stream")
        assert error(answer, 503)["code"] == "too_many_streams"
        assert answer.headers["Retry-After"]
        assert admin.see("/ledger")
    soon(admin).close()


def soon(admin: Admin) -> requests.Response:
    """An open stream, as soon as there is a place, which must be before one ends by itself."""
    found = wait_until(lambda: opened(admin), SOON)
    assert found
    return found


def opened(admin: Admin) -> requests.Response | None:
    """An open stream, if there is a place."""
    answer = admin.get("/deliveries/stream", stream=True)
    return answer if answer.status_code == 200 else None


def test_a_stream_ends_by_itself(admin: Admin, fleet: Fleet, worker: Worker) -> None:
    fleet.install("klaviyo")
    with soon(admin) as answer:
        assert b"".join(answer.iter_content(1)).startswith(b"retry: 2000\n\n")


def test_it_ends_when_the_gateway_is_told_to(fleet: Fleet, worker: Worker, here: LocalRedis, tmp_path: Path) -> None:
    fleet.install("klaviyo")
    env = {"FLEET_ADMIN_TOKEN": "token"}
    with Gateway(tmp_path, here.url, env=env) as ending, Admin(ending.url, "token") as admin:
        answer = opened(admin)
        assert answer
        wait_until(lambda: ending.output().count("Started worker") == ending.output().count("Spawning worker"))
        os.kill(ending.pid, signal.SIGTERM)
        assert b"".join(answer.iter_content(1)).startswith(b"retry: 2000\n\n")
        assert ending.wait(8) == 0
    assert "Killing" not in ending.output()


def test_a_wrong_place_is_refused(admin: Admin, fleet: Fleet, worker: Worker) -> None:
    answer = admin.get("/deliveries/stream", headers={"Last-Event-ID": "../x"})
    assert error(answer, 422)["code"] == "invalid"
    assert error(admin.get("/deliveries/stream", params={"integration": "nobody"}), 404)["code"] == "not_found"
