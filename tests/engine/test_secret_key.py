"""Secrets at rest: a worker that cannot read them says so, and the events wait for one that can."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

import workers
from tests.engine.conftest import SECRET_KEY, StartWorker
from tests.engine.events import refs, tracks
from tests.engine.fleet import CONFIGS, VENDORS, Fleet
from tests.engine.waiting import wait_until
from workers import keys
from workers.unable import unable

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_worker_with_another_secret_key_says_so_and_leaves_the_work_to_others(
    fleet: Fleet, start_worker: StartWorker, pool: str
) -> None:
    name = fleet.install("klaviyo")[0]
    wrong = start_worker(name="wrong", pool=pool, FLEET_SECRET_KEY=Fernet.generate_key().decode())
    events = tracks(5)
    workers.enqueue(events)
    (complaint,) = wait_until(lambda: unable([name]))
    assert complaint["integration"] == name
    assert str(wrong.pid) in complaint["worker"]
    assert "FLEET_SECRET_KEY" in complaint["error"]
    assert "FLEET_SECRET_KEY" in wrong.output()
    fleet.wait_row(name, waiting=5, delivered=0, dead=0, held=None)
    right = start_worker(name="right", pool=pool)
    fleet.wait_row(name, delivered=5, waiting=0, held=None)
    assert sorted(fleet.vendors.refs("klaviyo")) == sorted(refs(events))
    assert "FLEET_SECRET_KEY" not in right.output()
    assert unable([name])
    wrong.stop()
    wait_until(lambda: not unable([name]))


def test_a_worker_with_another_secret_key_that_was_told_its_queues_declines_tickets(
    fleet: Fleet, start_worker: StartWorker
) -> None:
    name = fleet.install("klaviyo")[0]
    start_worker("-Q", f"route,{name}", name="wrong", FLEET_SECRET_KEY=Fernet.generate_key().decode())
    workers.enqueue(tracks(5))
    wait_until(lambda: unable([name]))
    start_worker(name="right")
    fleet.wait_row(name, delivered=5, held=None)


def test_several_keys_are_read_while_they_are_changed(fleet: Fleet, start_worker: StartWorker) -> None:
    name = fleet.install("klaviyo")[0]
    start_worker(name="both", FLEET_SECRET_KEY=f"{Fernet.generate_key().decode()},{SECRET_KEY}")
    workers.enqueue(tracks(5))
    fleet.wait_row(name, delivered=5)


def test_secrets_are_stored_encrypted_only(fleet: Fleet) -> None:
    names = fleet.install(*VENDORS)
    stored = str(fleet.redis.hgetall(keys.INTEGRATIONS))
    for name, secret in zip(
        names, ("api_key", "api_key", "private_api_key", "server_secret_key", "access_token"), strict=True
    ):
        value = CONFIGS[name.rpartition("-")[0]][secret]
        assert value not in stored
    assert stored.count('"encrypted"') == len(VENDORS)
