"""A shift: one worker at one lane of an integration, for about a second."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import wait

from destinations.form.integration import Integration
from destinations.form.parts import Reading, Verdict
from workers import scripts
from workers.clearance import ask_for, asking, clear
from workers.connection import own
from workers.flight_log import FlightLog
from workers.flights import Cut, Parcel, Settlement, Waiting, halves
from workers.holds import Refusal, place
from workers.mappings import mapped, unmappable
from workers.outcomes import act, parks_doubt
from workers.prepare import Prepared, death, last_requests, prepare
from workers.sending import send
from workers.settings import settings
from workers.slots import slots
from workers.source import NoRoom, Source
from workers.stopping import stopping
from workers.timing import Timing
from workers.tombstones import without_forgotten
from workers.warnings import note_warnings

FLIGHT = 64
PLENTY = 1_000
"""So many events in a request keep a worker busy. Ten thousand cost no less each, and took 100 MB more of a worker."""

OFTEN = 10
"""So many requests a second, and nothing is gained by sending larger ones."""

APART_AFTER = 2
"""A batch whose worker vanished so often while sending it is taken apart."""

APART_KNOWN_BY_KEY = 10
"""So often where the vendor recognises a repeated request: taken apart, it would be others."""

Chain = deque[Parcel]
"""Parcels that must go one after another."""


class Shift:
    """Cuts flights from a source and sends them until time is up, nothing is due, or something says stop."""

    def __init__(self, integration: Integration, source: Source) -> None:
        self.integration = integration
        self.source = source
        self.tally: Counter[str] = Counter()
        self.timing = Timing()
        self.park_ms = 0
        self._log = FlightLog(integration.name, source.lane.member, self.tally)
        probe = source.lane.probe
        self._size = 1 if probe else flight_size(integration)
        # Where the limit is the bottleneck, more threads only ask for the same permits more often.
        self._fan_out = 1 if probe or self._size < FLIGHT else settings().fan_out
        self._once = probe
        self._forgettings = ""
        self._end = 0.0
        self._stopped = threading.Event()
        self._delivered = threading.local()
        self._chains: deque[Chain] = deque()

    def work(self, end: float) -> None:
        """Work the lane until a moment (monotonic seconds); afterwards ``park_ms`` says how long it should rest."""
        self._end = end
        while self._fly() and self._in_time() and self.going and not (self._once or self.source.drained):
            pass

    @property
    def going(self) -> bool:
        """Whether nothing speaks against the next request."""
        return not (self._stopped.is_set() or self.source.lane.lost.is_set() or stopping())

    def stop(self) -> None:
        """Send nothing more in this shift."""
        self._stopped.set()

    def count(self, what: str, number: int) -> None:
        """Count for the summary that Flower shows."""
        self.tally[what] += number

    def settle(self, settlement: Settlement) -> None:
        """Give events their fate; without room for dead letters they stay, and the integration is held."""
        try:
            self.count(settlement.fate.partition(":")[0], self.source.settle(settlement))
        except NoRoom:
            reason = f"its dead letters are full ({settings().letters_kept})"
            hint = "Replay or purge dead letters (fleet dead), then: fleet release NAME."
            lane = self.source.lane
            answered = Refusal(state=lane.state, token=lane.token, mark=settlement.mark)
            place(self.integration, "full", Reading(Verdict.SETUP, reason, hint), 2**53, answered)
            self.stop()

    def send_again(self, parcel: Parcel, parts: Sequence[Sequence[Waiting]]) -> bool:
        """Send parts of a refused parcel, in order, in the thread that learnt of it; whether all of them went."""
        lane = self.source.lane
        cuts = self.source.split(parcel.cut, parts)
        scripts.call(own(), "undoubt", (lane.state,), (lane.token, parcel.mark))
        return all(self._carry(piece) for cut in cuts for piece in self._prepared(cut).parcels)

    def _fly(self) -> bool:
        """One flight; False when there is nothing more to do."""
        cuts = self.source.cut(self._size)
        self._log.begin()
        self._forgettings, living = without_forgotten(cuts, self.settle)
        parcels = [parcel for cut in living for parcel in self._prepared(cut).parcels]
        self._send(chains(self.integration, parcels))
        self._log.end(sum(len(cut.members) for cut in cuts))
        return bool(cuts)

    def _prepared(self, cut: Cut) -> Prepared:
        """A cut as parcels, what cannot or must not go being settled at once."""
        patience = APART_KNOWN_BY_KEY if self.integration.destination.dedupes else APART_AFTER
        if cut.takeovers >= patience and len(cut.members) > 1:
            joined = Prepared()
            for part in self.source.split(cut, halves(cut.members)):
                joined.parcels += self._prepared(part).parcels
            return joined
        if ending := self._ending(cut):
            requests = last_requests(self.integration, cut, self.source) if ending[0] == "in_doubt" else {}
            for member in cut.members:
                self.settle(death(self.integration, cut, member, *ending, requests.get(member.id)))
            return Prepared()
        prepared = prepare(mapped(self.integration, cut), cut, self.source)
        for settlement in prepared.left:
            self.settle(settlement)
        if prepared.warned:
            note_warnings(self.integration.name, prepared.warned)
        return prepared

    def _ending(self, cut: Cut) -> tuple[str, str, str] | None:
        """Why a whole cut must not be sent: kind of dead letter, reason, hint."""
        if cut.fatal:
            return "bug", "workers ended while preparing it, several times", "Report it with the event."
        if cut.expired:
            return "expired", "tried for longer than its age limit allows", "Replay it when the vendor is well again."
        if cut.takeovers and parks_doubt(self):
            return "in_doubt", "a worker vanished while sending it", "Look at the vendor, then replay it or purge it."
        return unmappable(self.integration, cut)

    def _send(self, together: list[Chain]) -> None:
        """Send chains side by side; this thread works too."""
        self._chains = deque(together)
        wanted = max(0, min(len(together), self._fan_out) - 1)
        with slots().helpers(self.integration.name, wanted) as granted:
            others = [slots().senders.submit(self._pull) for _ in range(granted)]
            try:
                self._pull()
            finally:
                begun = [other for other in others if not other.cancel()]
                wait(begun)
        for other in begun:
            other.result()

    def _pull(self) -> None:
        """Send chain after chain until time is up; at least one parcel, so that every shift gets somewhere."""
        try:
            while self.going and self._chain():
                pass
        finally:
            self._settle_delivered()

    def _chain(self) -> bool:
        """Send a chain; whether there is time for another."""
        try:
            parcels = self._chains.popleft()
        except IndexError:
            return False
        while parcels and self._carry(parcels.popleft()) and self._in_time():
            pass
        return self._in_time()

    def deliver(self, settlement: Settlement) -> None:
        """Note a delivery: this thread settles it with the clearance of its next request, else when it has none."""
        self._delivered.settlement = settlement

    def _settle_delivered(self) -> None:
        if settlement := self._taken():
            self.settle(settlement)

    def _taken(self) -> Settlement | None:
        settlement: Settlement | None = getattr(self._delivered, "settlement", None)
        self._delivered.settlement = None
        return settlement

    def _ask(self, parcel: Parcel) -> tuple[int, int, int]:
        """Ask for a parcel's permit, settling in the same step what this thread delivered before."""
        wanted = asking(self.integration, parcel, self._forgettings)
        settlement = self._taken()
        if settlement is None:
            return ask_for(self.source.lane, wanted)
        left, answer = self.source.follow(settlement, wanted)
        self.count(settlement.fate, left)
        return answer

    def _in_time(self) -> bool:
        return time.monotonic() < self._end

    def _carry(self, parcel: Parcel) -> bool:
        """Send a parcel and do what the answer asks for; whether the next of its chain may follow."""
        for number, (request, records) in enumerate(parcel.requests, start=1):
            clearance = clear(self._ask, self.source.lane, parcel, self._stopped)
            if not clearance.at_ms:
                self._rest(clearance.park_ms)
                return False
            if not self.source.lane.ours_for(self.integration.timeout[1]):
                self.stop()
                return False
            exchange = send(self.integration, request, records)
            self.timing.request(exchange.ms)
            slots().took(self.integration.name, exchange.ms)
            self._log.note(exchange)
            delivered = exchange.reading.verdict is Verdict.DELIVERED
            if delivered and number == len(parcel.requests):
                self.timing.delivered(parcel, clearance.at_ms, clearance.slept_ms)
            if not delivered or number == len(parcel.requests):
                return act(self, parcel, exchange, clearance.at_ms)
        return True

    def _rest(self, milliseconds: int) -> None:
        """Stop, and let the lane rest afterwards: there are no permits for now."""
        self.park_ms = max(self.park_ms, milliseconds)
        self.stop()


def flight_size(integration: Integration) -> int:
    """How many events to cut at once: one batch, or as many single ones as half a second's limit lets go.

    A batch is as large as the vendor takes only where requests are scarce.
    """
    rates = [limit.requests / limit.seconds for limit in (*integration.limits, *integration.tightened)]
    if integration.batch.events > 1:
        return min([integration.batch.events] + [PLENTY] * all(rate >= OFTEN for rate in rates))
    return max(1, min([FLIGHT, *(int(rate / 2) for rate in rates)]))


def chains(integration: Integration, parcels: list[Parcel]) -> list[Chain]:
    """Parcels that may go side by side: batches one after another, single events by person."""
    if integration.batch.events > 1:
        return [deque(parcels)] if parcels else []
    by_person: dict[str, Chain] = {}
    for parcel in parcels:
        by_person.setdefault(parcel.members[0].person, deque()).append(parcel)
    return list(by_person.values())
