"""A shift: one worker at one lane of an integration, for about a second."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from concurrent.futures import wait
from itertools import chain

from destinations.form.integration import Integration
from destinations.form.parts import Verdict
from workers import keys, scripts
from workers.connection import redis
from workers.flights import Parcel, Waiting, cut
from workers.lanes import Lane
from workers.outcomes import act
from workers.permits import Purse
from workers.prepare import Prepared, prepare
from workers.sending import send
from workers.settings import settings
from workers.settle import settle
from workers.slots import slots

FLIGHT = 64
WARNINGS_KEPT = 200
LINGER_STEPS = 3

Chain = deque[Parcel]
"""Parcels that must go one after another."""


class Shift:
    """Cuts flights from a lane's head and sends them until time is up, the lane is empty, or something says stop."""

    def __init__(self, integration: Integration, lane: Lane) -> None:
        self.integration = integration
        self.lane = lane
        self.tally: Counter[str] = Counter()
        self.park_ms = 0
        self._size = flight_size(integration)
        self._purse = Purse(integration)
        self._stopped = threading.Event()
        self._chains: deque[Chain] = deque()
        self._end = 0.0

    def work(self) -> None:
        """Work the lane; afterwards ``park_ms`` says how long it should rest."""
        self._end = time.monotonic() + settings().box_seconds
        while self._in_time() and self.going:
            if not self._fly():
                return
        self.park_ms = max(self.park_ms, self._purse.park_ms)

    @property
    def going(self) -> bool:
        """Whether nothing speaks against the next request."""
        return not (self._stopped.is_set() or self.lane.lost.is_set() or self._purse.park_ms)

    def stop(self) -> None:
        """Send nothing more in this shift."""
        self._stopped.set()

    def park(self, milliseconds: int) -> None:
        """Let the lane rest after this flight, at least that long."""
        self.park_ms = max(self.park_ms, milliseconds)

    def count(self, what: str, number: int) -> None:
        """Count for the summary that Flower shows."""
        self.tally[what] += number

    def send_again(self, prepared: Prepared) -> None:
        """Send parts of a refused parcel, in order, in the thread that learnt of it."""
        self._settle_aside(prepared)
        for parcel in prepared.parcels:
            if not self._carry(parcel):
                return

    def _fly(self) -> bool:
        """One flight; False when there is nothing more to do in this shift."""
        members = self._cut()
        if not members:
            return False
        prepared = prepare(self.integration, members)
        self._settle_aside(prepared)
        self._send(chains(self.integration, prepared.parcels))
        return not self.park_ms

    def _cut(self) -> list[Waiting]:
        """Events from the head of the lane, after lingering on an empty one for a moment."""
        for _ in range(LINGER_STEPS):
            members = cut(self.lane, self._size)
            if members is None:
                self.lane.lost.set()
            if members or members is None:
                return members or []
            time.sleep(settings().linger_seconds / LINGER_STEPS)
        return []

    def _settle_aside(self, prepared: Prepared) -> None:
        for fate, members in prepared.fates.items():
            settled = settle(self.lane, members, fate, letters=prepared.letters.get(fate, ()))
            self.count(fate.partition(":")[0], settled)
        if prepared.warned:
            note_warnings(self.integration.name, prepared.warned)

    def _send(self, together: list[Chain]) -> None:
        """Send chains side by side; this thread works too."""
        self._chains = deque(together)
        self._purse.wanted = sum(len(parcel.requests) for parcel in chain.from_iterable(together))
        pool = slots().senders(self.integration.name)
        others = [pool.submit(self._pull) for _ in range(min(len(together) - 1, settings().fan_out - 1))]
        self._pull()
        wait(others)
        for other in others:
            other.result()

    def _pull(self) -> None:
        """Send chain after chain until time is up; at least one parcel, so that every shift gets somewhere."""
        while self.going:
            try:
                parcels = self._chains.popleft()
            except IndexError:
                return
            while parcels and self._carry(parcels.popleft()) and self._in_time():
                pass
            if not self._in_time():
                return

    def _in_time(self) -> bool:
        return time.monotonic() < self._end

    def _carry(self, parcel: Parcel) -> bool:
        """Send a parcel and do what the answer asks for; whether the next of its chain may follow."""
        for request in parcel.requests:
            asked_ms = self._purse.spend() if self.going else None
            if asked_ms is None:
                return False
            if not self.lane.ours_for(self.integration.timeout[1]):
                self.stop()
                return False
            exchange = send(self.integration, request, parcel.records)
            if exchange.reading.verdict is not Verdict.DELIVERED or request is parcel.requests[-1]:
                act(self, parcel, exchange, asked_ms)
            if exchange.reading.verdict is not Verdict.DELIVERED:
                return self.going and exchange.reading.verdict is Verdict.INVALID
        return True


def flight_size(integration: Integration) -> int:
    """How many events to cut at once: one batch, or as many single ones as half a second's limit lets go."""
    if integration.batch.events > 1:
        return integration.batch.events
    rates = [limit.requests / limit.seconds for limit in (*integration.limits, *integration.tightened)]
    return max(1, min([FLIGHT, *(int(rate / 2) for rate in rates)]))


def chains(integration: Integration, parcels: list[Parcel]) -> list[Chain]:
    """Parcels that may go side by side: batches one after another, single events by person."""
    if integration.batch.events > 1:
        return [deque(parcels)] if parcels else []
    by_person: dict[str, Chain] = {}
    for parcel in parcels:
        by_person.setdefault(parcel.members[0].person, deque()).append(parcel)
    return list(by_person.values())


def note_warnings(name: str, warned: Counter[str]) -> None:
    """Count pre-flight warnings, up to so many different ones. They are for people; no event's fate hangs on them."""
    pairs = [part for text, number in warned.items() for part in (text, number)]
    scripts.call(redis(), "warn", (keys.warned(name),), (WARNINGS_KEPT, *pairs))
