"""Wake queues at the moment their next lane is due, so that a limit of three a second is not served once a second."""

from __future__ import annotations

import heapq
import math
import threading
import time
from collections import Counter

from workers import keys, scripts, tickets
from workers.connection import AWAY, own
from workers.process import per_process
from workers.settings import settings

NEVER = math.inf
SOON_MS = 1_000
"""What is due before the next heartbeat is not left to it."""


LOOK_EVERY = 0.025
"""So often a process looks whether lanes of the queues that it works wait for another worker."""

PATIENCE_MS = 15
"""So long a due lane is left to those who work its queue already: a visit costs a tenth of a ticket."""

ATTENDED_MS = 100
"""So long nobody issues a ticket for a queue that somebody works. Who works it looks several times in between."""


class Waker:
    """One thread a process that issues tickets at the due times this process knows of.

    It may forget everything (its process dies): the heartbeat looks at every agenda each second.
    """

    def __init__(self) -> None:
        self._due: list[tuple[float, str]] = []
        self._attended: Counter[str] = Counter()
        self._look_at = NEVER
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="waker", daemon=True).start()

    def wake(self, queue: str, seconds: float) -> None:
        """Look at a queue that many seconds from now."""
        with self._changed:
            moment = (time.monotonic() + seconds, queue)
            if moment not in self._due:
                heapq.heappush(self._due, moment)
                self._changed.notify()

    def attend(self, queue: str) -> None:
        """A worker of this process begins to work a queue: call others when it cannot keep up."""
        with self._changed:
            self._attended[queue] += 1
            if self._look_at == NEVER:
                self._look_at = time.monotonic() + LOOK_EVERY
                self._changed.notify()

    def leave(self, queue: str) -> None:
        """A worker of this process ends to work a queue."""
        with self._changed:
            self._attended[queue] -= 1
            self._attended += Counter()

    def _run(self) -> None:
        while True:
            due, attended = self._wait()
            summon(due)
            look(attended)

    def _wait(self) -> tuple[list[str], list[str]]:
        """Sleep until something is due; the queues with lanes due, and those to look at because they are worked."""
        with self._changed:
            while (wait := min(self._due[0][0] if self._due else NEVER, self._look_at) - time.monotonic()) > 0:
                self._changed.wait(wait if wait < NEVER else None)
            now, queues = time.monotonic(), set()
            while self._due and self._due[0][0] <= now:
                queues.add(heapq.heappop(self._due)[1])
            if self._look_at > now:
                return sorted(queues), []
            self._look_at = now + LOOK_EVERY if self._attended else NEVER
            return sorted(queues), sorted(self._attended)


def summon(queues: list[str]) -> None:
    """Publish a ticket for each of the queues that has work due and none on its way; wake up for what is due soon."""
    _summon(queues, SOON_MS, 0, 0)


def remind(queues: list[str]) -> None:
    """The same for queues that nobody works: who works one looks at it himself."""
    _summon(queues, SOON_MS, 0, -1)


def look(queues: list[str]) -> None:
    """The same where work has been due for a while, for queues that this process works: nobody else need issue one."""
    _summon(queues, 0, PATIENCE_MS, ATTENDED_MS)


def _summon(queues: list[str], soon_ms: int, patience_ms: int, attended_ms: int) -> None:
    if not queues:
        return
    names = [name for queue in queues for name in (keys.agenda(queue), keys.ticketed(queue))]
    try:
        times = (settings().ticket_ms, soon_ms, patience_ms, attended_ms)
        wanted, soon = scripts.call(own(), "summon", names, times)
    except AWAY:
        return  # no Redis, no work: the heartbeat says so, and looks again each second
    for position, wait_ms in zip(soon[::2], soon[1::2], strict=True):
        waker().wake(queues[position], wait_ms / 1000)
    tickets.publish(queues[position] for position in wanted)


@per_process
def waker() -> Waker:
    """This process's waker."""
    return Waker()
