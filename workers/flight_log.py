"""The flight log: one line a flight, whether it carried one event or hundreds, and never what was in them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping

import structlog

from destinations.form.parts import Verdict
from workers.sending import Exchange

log = structlog.get_logger(__name__)

HELD = (Verdict.THROTTLED, Verdict.SETUP)
"""After these the integration is held, and the request's events stay where they are."""


class FlightLog:
    """Gathers what happens to one integration's flights in a shift, and writes a line as each ends.

    A line has integration, lane, events, requests, ``status`` and ``decision`` with how many of each, and ms.
    """

    def __init__(self, integration: str, lane: str, tally: Mapping[str, int]) -> None:
        self._log = log.bind(integration=integration, lane=lane)
        self._tally = tally
        self._before = dict(tally)
        self._started = time.monotonic()
        self._statuses: list[str] = []
        self._held = 0

    def note(self, exchange: Exchange) -> None:
        """Note a request and its answer, from whichever thread it went."""
        if exchange.answer is None:
            self._statuses.append("in doubt" if exchange.doubt else "not sent")
        else:
            self._statuses.append(str(exchange.answer.status))
        if exchange.reading.verdict in HELD:
            self._held += 1

    def begin(self) -> None:
        """A flight begins: it is cut."""
        self._started = time.monotonic()

    def end(self, events: int) -> None:
        """Write the line of a flight of so many events, unless nothing came of it (no permit, say)."""
        tally = {**self._tally, "held": self._held}
        decision = {what: more for what, number in tally.items() if (more := number - self._before.get(what, 0))}
        statuses, self._statuses, self._before = self._statuses, [], tally
        if statuses or decision:
            ms = round((time.monotonic() - self._started) * 1000, 1)
            counted = dict(Counter(statuses))
            self._log.info("flight", events=events, requests=len(statuses), status=counted, decision=decision, ms=ms)
