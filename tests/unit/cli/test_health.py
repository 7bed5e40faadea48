"""``fleet health``, judging files that workers keep young: whose count, and what is no worker's fault."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from structlog.testing import CapturingLogger

from workers.cli import main
from workers.hearing import Hearing, folder
from workers.settings import settings


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Somebody who takes connections, which is all that is asked of a broker here."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setenv("FLEET_BROKER_URL", f"amqp://127.0.0.1:{listening.getsockname()[1]}//")
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        settings.cache_clear()
        yield listening
    settings.cache_clear()


def health() -> Result:
    return CliRunner().invoke(main, ["health"])


def silent_for(worker: str, seconds: float) -> None:
    """A worker that heard something so long ago."""
    Hearing(worker).well()
    os.utime(folder() / worker, (time.time() - seconds,) * 2)


def test_every_worker_must_hear(broker: socket.socket) -> None:
    silent_for("one@here", 1)
    silent_for("two@here", 17)
    assert (health().output, health().exit_code) == ("2 workers get their tickets\n", 0)
    Hearing("one@here").end()
    assert health().output == "1 worker gets its tickets\n"


def test_a_broker_that_is_away_is_no_fault_of_the_worker(broker: socket.socket) -> None:
    silent_for("one@here", 1000)
    broker.close()
    assert (health().output, health().exit_code) == (
        "the broker does not answer, so that no worker can hear anything\n",
        0,
    )


def test_what_is_left_of_a_supervisor_that_is_gone_does_not_count(broker: socket.socket) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    silent_for("one@here", 1)
    (folder() / "two@here").write_text(str(gone.pid))
    assert health().output == "1 worker gets its tickets\n"
    assert [path.name for path in folder().iterdir()] == ["one@here"]


def test_a_full_disk_ends_no_worker(broker: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    log = CapturingLogger()  # how others configured structlog in this process does not matter
    monkeypatch.setattr("workers.hearing.log", log)
    folder().parent.write_text("in the way")
    hearing = Hearing("one@here")
    for _ in range(3):
        hearing.well()
    assert [call.args for call in log.calls] == [("fleet health cannot see this worker",)]
