from __future__ import annotations

import sys
import time
from collections.abc import Callable

from workers.supervisor import FIRST_PAUSE, LONGEST_PAUSE, STEADY, Child, worker_command


def ended(child: Child, after: float) -> float:
    """Let a child that has run so long be seen ended; the pause before the next start."""
    assert child.process is not None
    child.process.wait()
    child.started = time.monotonic() - after
    child.look()
    assert child.process is None
    pause = child.start_at - time.monotonic()
    child.start_at = 0.0
    child.look()
    return pause


def about(seconds: float) -> Callable[[float], bool]:
    return lambda pause: seconds - 0.2 < pause <= seconds


def test_a_child_that_ends_at_once_is_started_ever_more_slowly_and_a_steady_one_quickly() -> None:
    child = Child([sys.executable, "-c", "raise SystemExit(3)"])
    child.look()
    pauses = [ended(child, 0.1) for _ in range(7)]
    wanted = [min(FIRST_PAUSE * 2**turn, LONGEST_PAUSE) for turn in range(7)]
    assert all(about(seconds)(pause) for seconds, pause in zip(wanted, pauses, strict=True)), pauses
    assert about(FIRST_PAUSE)(ended(child, STEADY + 1))
    assert child.process is not None
    child.process.wait()


def test_a_child_is_not_started_before_its_time() -> None:
    child = Child(["false"], start_at=time.monotonic() + 60)
    child.look()
    assert child.process is None
    assert not child.running


def test_a_running_child_is_left_alone_and_told_to_end_once() -> None:
    child = Child([sys.executable, "-c", "import time; time.sleep(60)"])
    child.look()
    process = child.process
    child.look()
    assert child.process is process is not None
    child.end(15)
    assert process.wait(5) == -15
    assert not child.running
    child.end(15)


def test_a_worker_is_told_its_queues_only_when_there_are_some() -> None:
    some = worker_command(1, queues=["route", "klaviyo"], slots=4, log_level="INFO")
    every = worker_command(2, queues=[], slots=4, log_level="INFO")
    assert some[some.index("--queues") + 1] == "route,klaviyo"
    assert "--queues" not in every
    assert some[some.index("--hostname") + 1] != every[every.index("--hostname") + 1]
