"""Flower, asked over HTTP as a browser does: whom it lets in, which queues it lists, and what its rows are called."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
import requests
from click.testing import CliRunner

import workers
from tests.engine.conftest import THREADS
from tests.engine.events import tracks
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from workers import process
from workers.cli import main
from workers.local.parts import Worker
from workers.local.processes import Process, free_port, listens
from workers.local.server import LocalRedis
from workers.settings import settings

pytestmark = pytest.mark.engine

PASSWORD = "a password, with: commas"


class Flower:
    """A running Flower."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._session = requests.Session()
        self._session.trust_env = False

    def get(self, path: str, *, password: str = PASSWORD) -> requests.Response:
        return self._session.get(f"{self._url}{path}", auth=("fleet", password), timeout=10)

    def nobody(self, path: str) -> int:
        """What it answers somebody without a password."""
        return self._session.get(f"{self._url}{path}", timeout=10).status_code


@pytest.fixture(scope="module")
def flower(here: LocalRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flower]:
    port = free_port()
    command = [sys.executable, "-c", "from workers.cli import main; main()", "flower", "--port", str(port)]
    env = {"FLEET_FLOWER_PASSWORD": PASSWORD}
    with Process("flower", command, tmp_path_factory.mktemp("flower"), env=env) as started:
        started.wait_until(lambda: listens(port), 30)
        yield Flower(port)


@THREADS
def test_it_lists_every_queue_and_names_tickets_by_integration(fleet: Fleet, worker: Worker, flower: Flower) -> None:
    klaviyo, statsig = fleet.install("klaviyo", "statsig")
    workers.enqueue(tracks(40))
    fleet.wait_row(klaviyo, delivered=40)
    fleet.wait_row(statsig, delivered=40)

    page = flower.get("/broker").text
    assert all(f">{queue}<" in page.replace(" ", "").replace("\n", "") for queue in ("route", klaviyo, statsig)), page
    queues = flower.get("/api/queues/length").json()["active_queues"]
    assert {queue["name"] for queue in queues} == {"route", klaviyo, statsig}

    def names() -> set[str]:
        workers.enqueue(tracks(1))  # Flower may have missed a ticket's first event
        return {task["name"] for task in flower.get("/api/tasks").json().values()}

    wait_until(lambda: {"route", f"deliver.{klaviyo}", f"deliver.{statsig}"} <= names(), last=names)

    def results() -> list[str]:
        done = flower.get("/api/tasks?state=SUCCESS").json().values()
        return [task["result"] for task in done if task["name"] != "route"]

    wait_until(lambda: any("'delivered'" in result for result in results()), last=results)
    online = flower.get("/workers?json=1").json()["data"]
    assert [(one["hostname"].partition("@")[0], one["status"]) for one in online] == [("worker", True)]


def test_it_lets_nobody_in_without_the_password(flower: Flower) -> None:
    for path in ("/", "/workers", "/tasks", "/broker", "/api/workers", "/api/tasks", "/metrics"):
        assert flower.nobody(path) == 401, path
        assert flower.get(path, password="wrong").status_code == 401, path
        assert flower.get(path).status_code == 200, path
    assert flower.nobody("/healthcheck") == 200


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "", "192.0.2.7", "fleet.example"])
def test_it_refuses_to_be_open_to_others(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    for name in ("FLEET_FLOWER_PASSWORD", "FLOWER_BASIC_AUTH", "FLOWER_AUTH"):
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    process.forget()
    result = CliRunner().invoke(main, ["flower", "--address", address])
    assert result.exit_code == 1
    assert "set FLEET_FLOWER_PASSWORD" in result.stderr
