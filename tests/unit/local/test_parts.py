from __future__ import annotations

from pathlib import Path

import pytest
import requests
from cryptography.fernet import Fernet

from workers.local.parts import Sandbox, Worker
from workers.local.processes import NotReady, listens
from workers.local.server import LocalRedis


def test_the_sandbox_is_ready_when_it_has_started(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox:
        assert requests.get(sandbox.url("klaviyo") + "/_accepted", timeout=5).status_code == 200
    assert not listens(sandbox.port)


@pytest.mark.engine
@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_worker_is_ready_when_it_has_started_and_ends_cleanly(tmp_path: Path, pool: str) -> None:
    env = {"FLEET_SECRET_KEY": Fernet.generate_key().decode(), "FLEET_POOL": pool, "FLEET_SLOTS": "2"}
    with LocalRedis(tmp_path) as server, Worker(tmp_path, server.url, env=env, name="one") as worker:
        assert worker.takes_tickets()
    assert worker.returncode == 0
    assert "one@" in worker.output()


def test_a_worker_that_cannot_start_says_why(tmp_path: Path) -> None:
    with LocalRedis(tmp_path) as server, pytest.raises(NotReady, match="FLEET_SECRET_KEY"):
        Worker(tmp_path, server.url, env={"FLEET_SECRET_KEY": "not a key"}).start()
