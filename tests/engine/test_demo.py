from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from workers.demo.check import disagreements
from workers.local.processes import Process, free_port

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
FLEET = [sys.executable, "-c", "from workers.cli import main; main(prog_name='fleet')"]
TOP = {"received", "routed", "invalid", "duplicate", "inbox_waiting", "integrations"}
ROW = {"destination", "filtered", "accepted", "delivered", "dropped", "dead", "waiting", "aside", "in_flight", "held"}
OTHER = "name another, or leave it out for any that is free."
DESTINATIONS = {"kissmetrics", "kustomer", "klaviyo", "statsig", "launchdarkly"}


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A word in the environment of all that a test starts; nothing that has it may be left behind."""
    mark = f"FLEET_TEST_MARK={uuid4()}"
    name, _, value = mark.partition("=")
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    yield mark
    assert marked(mark) == []


def marked(mark: str) -> list[str]:
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        try:
            if mark.encode() in (process / "environ").read_bytes():
                left.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # gone meanwhile, or another user's
            continue
    return left


def fleet(*arguments: str) -> Process:
    return Process("fleet", [*FLEET, *arguments], Path.cwd())


def wait_for(process: Process, word: str) -> None:
    process.wait_until(lambda: word in process.output(), timeout=60)


def test_json_is_one_balanced_status_and_nothing_else(mark: str) -> None:
    done = subprocess.run([*FLEET, "demo", "--events", "300", "--json"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    status = json.loads(done.stdout)
    assert set(status) == TOP
    assert status["received"] == status["routed"] + status["duplicate"] == 300
    assert set(status["integrations"]) == DESTINATIONS
    for row in status["integrations"].values():
        assert set(row) == ROW | {"balance"}
        assert row["accepted"] == row["delivered"] + sum(row["dropped"].values()) > 0
        assert row["accepted"] + sum(row["filtered"].values()) == 300
        assert (row["balance"], row["dead"], row["waiting"]) == (0, 0, 0)
    assert list(Path.cwd().iterdir()) == []


def test_people_see_each_exchange_and_no_control_code_on_a_pipe(mark: str) -> None:
    done = subprocess.run(
        [*FLEET, "demo", "--events", "200", "--pool", "prefork", "--keep"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
    for request in (
        "/kissmetrics/e?",
        "/kustomer/v1/tracking",
        "/klaviyo/api/events/",
        "/statsig/v1/log_event",
        "/v2/event-",
    ):
        assert request in done.stdout
    assert "pk_0123456789" not in done.stdout
    assert re.search(r"^  gateway   http://127.0.0.1:\d+ ", done.stdout, re.M)
    assert re.search(r"^  Flower    http://127.0.0.1:\d+$", done.stdout, re.M)
    assert "200 events in" in done.stdout
    assert list(Path(".fleet").glob("demo-*/worker1.log"))


def test_an_interrupted_demo_clears_everything_away(mark: str) -> None:
    with fleet("demo", "--events", "50000") as demo:
        wait_for(demo, "fleet tail")
        os.kill(demo.pid, signal.SIGINT)
        assert demo.wait(30) == 130
        assert demo.output().endswith("Interrupted: everything is stopped and cleared away.\n")
    assert not Path(".fleet").exists()


def test_a_part_that_dies_is_named_with_its_last_words(mark: str) -> None:
    with fleet("demo", "--events", "50000") as demo:
        wait_for(demo, "fleet tail")
        victim = next(pid for pid in children(demo.pid) if "worker1@" in command(pid))
        os.kill(victim, signal.SIGKILL)
        assert demo.wait(30) == 1
    assert "worker1 ended by itself with status -9. Its log, .fleet/demo-" in demo.output()
    assert "[info" in demo.output().partition("ends with:")[2]
    assert list(Path(".fleet").glob("demo-*/worker1.log"))


def test_up_keeps_its_key_and_its_data(mark: str) -> None:
    port = free_port()
    event = b'{"type": "page", "user_id": "u1"}'
    with fleet("up", "--redis-port", str(port), "--no-flower") as up, redis.Redis(port=port) as client:
        first = key_of(up)
        client.xadd("fleet:1:raw:default", {"event": event})
        up.wait_until(lambda: client.hget("fleet:1:ledger:statsig", "delivered") == b"1", timeout=30)
        line = next(line for line in up.output().splitlines() if line.startswith("  curl "))
        answer = subprocess.run(["bash", "-c", f"{line} --silent --fail"], capture_output=True, text=True, check=False)
        assert answer.returncode == 0, (line, answer)
        up.wait_until(lambda: client.hget("fleet:1:ledger:statsig", "delivered") == b"2", timeout=30)
        os.kill(up.pid, signal.SIGTERM)
        assert up.wait(30) == 130
    with fleet("up", "--redis-port", str(port), "--no-flower") as up, redis.Redis(port=port) as client:
        assert key_of(up) == first
        assert client.hget("fleet:1:ledger:statsig", "delivered") == b"2"
        assert client.hlen("fleet:1:write-keys") == 1, "each run takes back the write key of the one before"
        assert stat.S_IMODE(Path(".fleet/up/secret.key").stat().st_mode) == 0o600
        taken = subprocess.run([*FLEET, "up", "--redis-port", str(port)], capture_output=True, text=True, check=False)
        assert (taken.returncode, taken.stderr) == (1, f"fleet: Port {port} of 127.0.0.1 is taken; {OTHER}\n")


STATUS = {
    **dict.fromkeys(("invalid", "inbox_waiting"), 0),
    "received": 10,
    "routed": 9,
    "duplicate": 1,
    "integrations": {
        "k": {"destination": "kissmetrics", "filtered": {"duplicate": 1}, "accepted": 9, "delivered": 8, "balance": 0}
    },
}
BOOKS = {"kissmetrics": {"accepted": 8, "deduplicated": 0, "discarded": {}}}


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda *_: None, None),
        (lambda _, books: books["kissmetrics"].update(accepted=7, deduplicated=1), None),
        (
            lambda _, books: books["kissmetrics"].update(accepted=7, discarded={"no name": 1}),
            "8 delivered by the ledger",
        ),
        (lambda _, books: books["kissmetrics"].update(accepted=9), "8 delivered by the ledger"),
        (lambda status, _: status["integrations"]["k"].update(balance=-1), "does not balance: -1"),
        (lambda status, _: status["integrations"]["k"].update(accepted=8), "of 10 events"),
        (lambda status, _: status.update(received=9), "10 events were enqueued, 9 received"),
        (lambda status, _: status.update(routed=8), "10 events were received, but"),
    ],
)
def test_whatever_does_not_add_up_is_told(spoil: Callable[[Any, Any], None], told: str | None) -> None:
    status, books = deepcopy(STATUS), deepcopy(BOOKS)
    spoil(status, books)
    faults = disagreements(status, books, 10)
    assert told in faults[0] if told else faults == []


def key_of(up: Process) -> str:
    wait_for(up, "fleet tail")
    return next(line for line in up.output().splitlines() if "FLEET_SECRET_KEY" in line)


def children(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in text.split()]


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode()
