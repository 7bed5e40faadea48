from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from workers.local.processes import NotReady, Process, free_port, listens

SERVES = (
    "import http.server, sys; http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), None).serve_forever()"
)
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def eventually(condition: Callable[[], bool], timeout: float = 5.0) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or ") Z " not in Path(f"/proc/{pid}/stat").read_text()


def test_it_is_awaited_stopped_and_started_again(tmp_path: Path) -> None:
    port = free_port()
    process = Process("web", python(SERVES, str(port)), tmp_path)
    for _ in range(2):
        with process:
            process.wait_until(lambda: listens(port), timeout=10)
            assert process.running
        assert process.returncode == -signal.SIGTERM
        assert not listens(port)


def test_it_has_a_group_and_an_environment_of_its_own(tmp_path: Path) -> None:
    code = "import os; print(os.getpgid(0) == os.getpid(), os.environ['FLEET_LANES'], 'PATH' in os.environ)"
    process = Process("probe", python(code), tmp_path, env={"FLEET_LANES": "4"}).start()
    assert process.wait(10) == 0
    assert process.output().split() == ["True", "4", "True"]


def test_an_early_end_is_told_with_its_last_words_of_this_run(tmp_path: Path) -> None:
    (tmp_path / "short.log").write_text("words of an earlier run\n")
    process = Process("short", python("import sys; sys.exit('no such broker')"), tmp_path).start()
    with pytest.raises(NotReady) as caught:
        process.wait_until(lambda: False, timeout=10)
    assert "short ended with status 1 before it was ready" in str(caught.value)
    assert "no such broker" in str(caught.value)
    assert "earlier run" not in str(caught.value)
    assert (tmp_path / "short.log").read_text().startswith("words of an earlier run\n")


def test_a_deadline_is_kept(tmp_path: Path) -> None:
    with Process("slow", python("import time; time.sleep(60)"), tmp_path) as process:
        started = time.monotonic()
        with pytest.raises(NotReady, match=r"not ready within 0\.2 s"):
            process.wait_until(lambda: False, timeout=0.2)
        assert time.monotonic() - started < 5


def test_what_ignores_sigterm_is_killed_with_its_children(tmp_path: Path) -> None:
    process = Process("stubborn", python(STUBBORN), tmp_path).start()
    process.wait_until(lambda: process.output().endswith("\n"), timeout=10)
    grandchild = int(process.output())
    process.stop(timeout=0.3)
    assert process.returncode == -signal.SIGKILL
    assert eventually(lambda: not alive(grandchild))


def test_starting_twice_and_asking_too_early_are_said(tmp_path: Path) -> None:
    process = Process("once", python("import time; time.sleep(60)"), tmp_path)
    with pytest.raises(RuntimeError, match="call start"):
        _ = process.pid
    process.stop()  # nothing to do
    with process, pytest.raises(RuntimeError, match="running already"):
        process.start()
