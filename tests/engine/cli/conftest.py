from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from tests.engine.fleet import Fleet
from workers.cli import main
from workers.local.parts import Worker
from workers.local.server import LocalRedis
from workers.route import route

Run = Callable[..., Result]


@pytest.fixture
def run(fleet: Fleet) -> Run:
    """Run a command on this test's fleet; an exception that is no sentence for people fails the test."""
    return lambda *arguments, **options: CliRunner().invoke(main, arguments, catch_exceptions=False, **options)


@pytest.fixture(scope="module")
def one_worker(here: LocalRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """One worker for all tests of a module; a command does not care about its pool."""
    with Worker(tmp_path_factory.mktemp("worker"), here.url, env={"FLEET_POOL": "threads"}) as started:
        yield started


@pytest.fixture
def write(fleet: Fleet, tmp_path: Path) -> Callable[[], str]:
    """Write this test's configuration as a file; its path."""

    def to_file() -> str:
        path = tmp_path / "fleet.yml"
        path.write_text(yaml.safe_dump(fleet.document), encoding="utf-8")
        return str(path)

    return to_file


def objects(output: str) -> list[Any]:
    """The JSON objects of an output, a line each."""
    return [json.loads(line) for line in output.splitlines()]


def route_all(fleet: Fleet) -> None:
    """Route everything that waits in the inbox, here and now."""
    while fleet.status()["inbox_waiting"]:
        route()
