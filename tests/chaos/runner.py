"""Runs scenarios, each in a process of its own, several at once where they mostly wait."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import TimeoutExpired

import orjson

from tests.chaos.form import Form, Scenario
from tests.chaos.table import Row
from workers.local.processes import Process

GRACE = 40.0
"""Seconds for a scenario to end everything it started."""


class Runner:
    """Plays scenarios in one form. ``said`` is told of each row as it comes."""

    def __init__(self, form: Form, seed: int, folder: Path, said: Callable[[Row], None]) -> None:
        self.form, self.seed, self.folder = form, seed, folder
        self._said = said
        self._running: set[Process] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def run(self, scenarios: Sequence[Scenario], at_once: int) -> list[Row]:
        """Every scenario's row, in order."""
        with ThreadPoolExecutor(at_once) as pool:
            try:
                return list(pool.map(self._play, scenarios))
            except BaseException:
                self.end()
                raise

    def end(self) -> None:
        """End what runs; nothing new begins."""
        self._ended.set()
        with self._lock:
            for process in self._running:
                process.stop(GRACE)

    def _play(self, scenario: Scenario) -> Row:
        folder, started = self.folder / scenario.number, time.monotonic()
        arguments = scenario.number, self.form.name, str(self.seed), str(folder)
        process = Process("scenario", [sys.executable, "-m", "tests.chaos.one", *arguments], folder)
        with self._lock:
            if self._ended.is_set():
                return _failed(scenario, "was not begun", 0.0)
            self._running.add(process.start())
        row = self._wait(process, scenario, started)
        self._said(row)
        return row

    def _wait(self, process: Process, scenario: Scenario, started: float) -> Row:
        try:
            process.wait(self.form.longest)
        except TimeoutExpired:
            process.stop(GRACE)
        with self._lock:
            self._running.discard(process)
        found = self.folder / scenario.number / "row.json"
        if found.exists():
            row: Row = orjson.loads(found.read_bytes())
            return row
        seconds = time.monotonic() - started
        ending = "\n".join(process.output().splitlines()[-5:])
        return _failed(scenario, f"did not end by itself: status {process.returncode}; {ending}", seconds)


def _failed(scenario: Scenario, why: str, seconds: float) -> Row:
    return {"scenario": scenario.number, "title": scenario.title, "seconds": round(seconds, 1), "faults": [why]}


def chosen(scenarios: dict[str, Scenario], only: str | None) -> Iterator[Scenario]:
    """The scenarios asked for: ``3`` means 3a and 3b, too. ``KeyError`` for one there is not."""
    if not only:
        yield from scenarios.values()
        return
    for number in only.split(","):
        wanted = [one for one in scenarios.values() if number in (one.number, one.number.rstrip("abcdef"))]
        if not wanted:
            raise KeyError(number)
        yield from wanted
