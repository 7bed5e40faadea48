"""The workers of a stage: killed, stopped, frozen and thawed by a scenario, and started again as a supervisor does."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from subprocess import TimeoutExpired

from workers.local.parts import Worker
from workers.local.processes import Process

LOOK_EVERY = 0.1


class Crew:
    """Worker processes, kept running by a thread of their own."""

    def __init__(self, members: Sequence[Worker], seed: int) -> None:
        self.members = list(members)
        self.restarts = 0
        self.unasked = 0
        self.slowest_stop = 0.0
        self._asked: set[Worker] = set()
        self._frozen: set[Worker] = set()
        self._dice = random.Random(seed)
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="crew", daemon=True)

    def start(self) -> None:
        """Start them all, and wait until they take tickets."""
        for member in self.members:
            Process.start(member)
        for member in self.members:
            member.wait_until(member.takes_tickets, 60)
        self._keeper.start()

    def pick(self) -> Worker:
        """One that runs, at random; waits for one if none does."""
        while True:
            with self._lock:
                ready = [one for one in self.members if one.running and one not in self._frozen]
            if ready:
                return self._dice.choice(ready)
            time.sleep(LOOK_EVERY)

    def kill(self, member: Worker | None = None) -> None:
        """End one at once, with ``kill -9``."""
        chosen = member or self.pick()
        with self._lock:
            self._asked.add(chosen)
            chosen.kill()

    def stop(self, member: Worker, patience: float) -> None:
        """End one in good order, with SIGTERM; ``TimeoutExpired`` when it takes longer than that."""
        with self._lock:
            self._asked.add(member)
            started = time.monotonic()
            os.kill(member.pid, signal.SIGTERM)
            try:
                member.wait(patience)
            except TimeoutExpired:
                member.kill()
                raise
            self.slowest_stop = max(self.slowest_stop, time.monotonic() - started)

    def freeze(self, member: Worker) -> None:
        """Stop it in its tracks."""
        with self._lock:
            self._frozen.add(member)
            os.killpg(member.pid, signal.SIGSTOP)

    def thaw(self, member: Worker) -> None:
        """Let it go on as if nothing had been."""
        with self._lock:
            self._frozen.discard(member)
            os.killpg(member.pid, signal.SIGCONT)

    def wait_ready(self, seconds: float = 60.0) -> None:
        """Wait until all of them take tickets."""
        deadline = time.monotonic() + seconds
        while not all(member.running and member.takes_tickets() for member in self.members):
            if time.monotonic() > deadline:
                raise TimeoutError(f"workers did not come back within {seconds:g} s")
            time.sleep(LOOK_EVERY)

    def close(self) -> None:
        """End them all, and keep them no longer."""
        self._closing.set()
        if self._keeper.ident is not None:
            self._keeper.join()
        for member in self.members:
            if member in self._frozen:
                self.thaw(member)
            if member.running:
                os.kill(member.pid, signal.SIGTERM)
        for member in self.members:
            member.stop(10)

    def _keep(self) -> None:
        while not self._closing.wait(LOOK_EVERY):
            with self._lock:
                for member in self.members:
                    if not member.running:
                        self._restart(member)

    def _restart(self, member: Worker) -> None:
        self.unasked += member not in self._asked
        self._asked.discard(member)
        self.restarts += 1
        member.kill()
        Process.start(member)
