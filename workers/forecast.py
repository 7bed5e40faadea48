"""Forecast: what replaying a share would come to, without moving anything."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import orjson

from destinations.form.integration import Integration
from destinations.form.masking import mask_text
from workers.flights import Waiting
from workers.letters import Found, called
from workers.mappings import as_then
from workers.prepare import without_consent
from workers.replay import Picked, Share, Terms, pace

CHUNK = 250
REASONS = 1_000
"""So many different reasons are told apart; all further ones are counted as one."""


@dataclass(slots=True)
class Tally:
    """What letters are: how many, of which kinds, events and reasons."""

    letters: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def count(self, found: Found) -> None:
        """Count a letter."""
        letter = found.letter
        self.letters += 1
        self.kinds[letter["kind"]] += 1
        self.events[called(letter["event"]) if isinstance(letter["event"], dict) else "no event"] += 1
        reason = letter["reason"]
        self.reasons[reason if reason in self.reasons or len(self.reasons) < REASONS else "other reasons"] += 1


class Forecast:
    """Judges the letters of a share as delivery would now: consent first, then the mapping and the pre-flight rules.

    ``refused``  how many would not be sent: by the counter's name (``consent``, ``unmapped``, …), ``invalid``, or a bug
    """

    def __init__(self, share: Share, terms: Terms) -> None:
        self.refused: Counter[str] = Counter()
        self._share, self._terms = share, terms
        self._records = 0
        self._pending: list[tuple[Waiting, int]] = []

    def note(self, found: Found, picked: Picked) -> None:
        """Take a letter in."""
        self._pending.append((Waiting(found.entry, orjson.dumps(found.letter["event"])), picked.revision))
        if len(self._pending) >= CHUNK:
            self.judge()

    def judge(self) -> None:
        """Judge what was taken in."""
        integration = self._share.integration
        barred = without_consent(integration, [waiting for waiting, _ in self._pending])
        self.refused["consent"] += len(barred)
        for waiting, revision in self._pending:
            if waiting.id not in barred:
                self._transform(as_then(integration, revision) if revision else integration, waiting)
        self._pending.clear()

    def _transform(self, integration: Integration, waiting: Waiting) -> None:
        try:
            outcome = integration.transform(waiting.read())
        except Exception as error:  # noqa: BLE001  # a bug of ours is what this letter may have died of: told, not raised
            self.refused[mask_text(f"bug: {type(error).__name__}: {error}", integration.secrets)] += 1
            return
        if outcome.kind == "send":
            self._records += len(outcome.records)
        else:
            self.refused[outcome.reason] += 1

    @property
    def requests(self) -> int:
        """How many requests it takes, about."""
        size = self._share.integration.batch.events
        if size == 1:
            return self._records
        together = Counter((picked.lane, picked.replays, picked.revision) for picked in self._share.picked)
        return sum(math.ceil(number / size) for number in together.values())

    @property
    def seconds(self) -> float:
        """How long it takes at least, at the current limits and the pace asked for."""
        return self.requests * pace(self._share.integration, self._terms.rate) / 1_000_000
