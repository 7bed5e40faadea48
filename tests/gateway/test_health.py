from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.engine.conftest import SECRET_KEY
from tests.gateway.door import Door, error
from workers.local.parts import Gateway
from workers.local.processes import Process
from workers.local.server import LocalRedis


def test_it_says_that_it_answers_and_that_redis_does(door: Door) -> None:
    assert [door.get(path).json() for path in ("/healthz", "/readyz")] == [{"status": "ok"}] * 2


def test_without_redis_it_answers_and_is_not_ready(tmp_path: Path) -> None:
    nobody = "redis://127.0.0.1:1/0"
    with Gateway(tmp_path, nobody, env={"FLEET_SECRET_KEY": SECRET_KEY}) as gateway, Door(gateway.url) as door:
        assert door.get("/healthz").status_code == 200
        answer = door.get("/readyz")
        assert error(answer, 503)["code"] == "unavailable"
        assert answer.headers["Retry-After"]


def test_every_fault_has_one_shape(door: Door) -> None:
    absent = error(door.get("/nothing"), 404)
    assert (absent["code"], absent["message"].partition(";")[0]) == ("not_found", "there is nothing at /nothing")
    answer = door.delete("/healthz")
    wrong = error(answer, 405)
    assert (wrong["code"], wrong["message"]) == ("method_not_allowed", "/healthz takes GET, not DELETE")
    assert "GET" in answer.headers["Allow"]


def test_it_describes_itself(door: Door) -> None:
    document = door.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert "/healthz" in document["paths"]


@pytest.mark.parametrize("reusable", [True, False], ids=["another gateway", "any server"])
def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path, reusable: bool) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, reusable)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        late = Gateway(tmp_path, "redis://127.0.0.1:1/0", port)
        Process.start(late)
        try:
            assert late.wait(20) == 1
        finally:
            late.kill()
    assert late.output().startswith(f"fleet: cannot listen on 127.0.0.1:{port}: Address already in use; choose another")
    assert "Traceback" not in late.output()


def test_it_leaves_when_told(here: LocalRedis, tmp_path: Path) -> None:
    with Gateway(tmp_path, here.url) as gateway:
        gateway.stop()
        assert gateway.returncode == 0, gateway.output()
