"""Wake queues at the moment their next lane is due, so that a limit of three a second is not served once a second."""

from __future__ import annotations

import heapq
import threading
import time

from workers import keys, scripts, tickets
from workers.connection import AWAY, redis
from workers.process import per_process
from workers.settings import settings

SOON_MS = 1_000
"""What is due before the next heartbeat is not left to it."""


class Waker:
    """One thread a process that issues tickets at the due times this process knows of.

    It may forget everything (its process dies): the heartbeat looks at every agenda each second.
    """

    def __init__(self) -> None:
        self._due: list[tuple[float, str]] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="waker", daemon=True).start()

    def wake(self, queue: str, seconds: float) -> None:
        """Look at a queue that many seconds from now."""
        with self._changed:
            moment = (time.monotonic() + seconds, queue)
            if moment not in self._due:
                heapq.heappush(self._due, moment)
                self._changed.notify()

    def _run(self) -> None:
        while True:
            summon(self._wait())

    def _wait(self) -> list[str]:
        """Sleep until something is due; the queues to look at."""
        with self._changed:
            while not self._due or self._due[0][0] > time.monotonic():
                self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
            now, queues = time.monotonic(), set()
            while self._due and self._due[0][0] <= now:
                queues.add(heapq.heappop(self._due)[1])
            return sorted(queues)


def summon(queues: list[str]) -> None:
    """Publish a ticket for each of the queues that has work due and none on its way; wake up for what is due soon."""
    names = [name for queue in queues for name in (keys.agenda(queue), keys.ticketed(queue))]
    try:
        wanted, soon = scripts.call(redis(), "summon", names, [settings().ticket_ms, SOON_MS]) if names else ([], [])
    except AWAY:
        return  # no Redis, no work: the heartbeat says so, and looks again each second
    for position, wait_ms in zip(soon[::2], soon[1::2], strict=True):
        waker().wake(queues[position], wait_ms / 1000)
    tickets.publish(queues[position] for position in wanted)


@per_process
def waker() -> Waker:
    """This process's waker."""
    return Waker()
