from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from redis import Redis

from tests.engine.dsn import Sentry, listening
from tests.engine.fleet import Fleet, sweep
from tests.engine.vendors import Vendors
from workers import process
from workers.local.parts import Sandbox, Worker
from workers.local.server import LocalRedis
from workers.settings import settings

StartWorker = Callable[..., Worker]

THREADS = pytest.mark.parametrize("worker", ["threads"], indirect=True, scope="module")
"""For what no pool makes a difference to."""

SECRET_KEY = Fernet.generate_key().decode()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRedis]:
    with LocalRedis(tmp_path_factory.mktemp("redis")) as started:
        yield started


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendors]:
    with Sandbox(tmp_path_factory.mktemp("sandbox")) as started:
        yield Vendors(started)


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    """A Sentry on this machine: ``FLEET_SENTRY_DSN=sentry.dsn``."""
    with listening() as started:
        yield started


@contextmanager
def part_of(url: str, **env: str) -> Iterator[None]:
    """Our process belongs to the fleet at ``url``: it may enqueue, apply, lease and read the ledger."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("FLEET_BROKER_URL", raising=False)
        for name, value in {"FLEET_REDIS_URL": url, "FLEET_SECRET_KEY": SECRET_KEY, **env}.items():
            environment.setenv(name, value)
        _look_again()
        yield
    _look_again()


def _look_again() -> None:
    """Read the environment anew, and connect anew. The Celery app reads it once, at its import."""
    settings.cache_clear()
    process.forget()
    from workers.app import app  # noqa: PLC0415  # at the top it would read the environment of whoever collects tests

    app.conf.broker_url = settings().broker_url
    app._after_fork()  # forgets its connections, as a child of a fork has to


@pytest.fixture(scope="module")
def here(server: LocalRedis) -> Iterator[LocalRedis]:
    """Our process belongs to the fleet under test."""
    with part_of(server.url):
        yield server


@pytest.fixture
def fleet(here: LocalRedis, sandbox: Vendors) -> Iterator[Fleet]:
    """A fleet of which nothing is installed yet."""
    with Redis.from_url(here.url) as client:
        sandbox.clear()
        sweep(client)
        yield Fleet(client, sandbox)


def options(pool: str, slots: int = 0) -> dict[str, str]:
    """A worker's environment."""
    return {"FLEET_POOL": pool, "FLEET_SLOTS": str(slots or (32 if pool == "threads" else 4))}


@pytest.fixture(scope="module", params=["threads", "prefork"])
def worker(
    request: pytest.FixtureRequest, here: LocalRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    """One worker on every queue, for all tests of a module, in either pool."""
    with Worker(tmp_path_factory.mktemp("worker"), here.url, env=options(request.param)) as started:
        yield started


@pytest.fixture
def start_worker(here: LocalRedis, tmp_path: Path) -> Iterator[StartWorker]:
    """Start further workers, ended with the test: ``start_worker("-Q", "route", name="router", pool="threads")``."""
    started: list[Worker] = []
    with ExitStack() as stack:

        def start(*arguments: str, name: str, pool: str = "threads", **env: str) -> Worker:
            one = Worker(tmp_path, here.url, *arguments, name=name, env={**options(pool), **env})
            started.append(stack.enter_context(one))
            return one

        yield start
        for worker in started:
            if worker.running:
                os.kill(worker.pid, signal.SIGTERM)  # all at once; each is waited for
