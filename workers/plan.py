"""The plan of one routed batch: what the route script is to do, collected in Python and carried out in one step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson

from workers import keys
from workers.settings import settings

UNMAPPED_NAMES = 1_000


@dataclass(slots=True)
class Share:
    """What one integration gets of the batch: positions (from 1) of its events, and counts of what it does not get.

    ``max_waiting``  events that may wait there; None is no limit. Beyond it the newest of the batch are dropped when it
                     ``drops``, else the batch is not routed
    ``messages``     message ids of the events, where some may be dropped
    """

    max_waiting: int | None = None
    drops: bool = False
    messages: list[str] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    filtered: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Plan:
    """A batch's plan.

    ``last``         the id of its last entry, which leaves the inbox with all before it
    ``fates``        message ids by integration, fate and note
    ``forgettings``  how many there had been when it was made
    ``lanes``        how many an integration has
    """

    shares: dict[str, Share]
    last: str = "0-0"
    digests: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    forgettings: str = "0"
    lanes: int = 0
    fates: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    def accept(self, body: bytes, integrations: list[str], message_id: str) -> None:
        """Give a routed event to its integrations."""
        if integrations:
            self.bodies.append(body)
            for name in integrations:
                share = self.shares[name]
                share.events.append(len(self.bodies))
                if share.drops:
                    share.messages.append(message_id)

    def filter(self, integration: str, reason: str, message_id: str, note: str = "") -> None:
        """Count an event that an integration does not get, and why."""
        self.shares[integration].filtered[f"filtered:{reason}"] += 1
        self.fates.setdefault((integration, f"filtered:{reason}", note), []).append(message_id)

    def forget(self, message_id: str) -> None:
        """Count an event that came before its person was forgotten, and goes nowhere."""
        self.counts["forgotten"] += 1
        self.fates.setdefault(("", "forgotten", "fleet forget"), []).append(message_id)

    def packed(self, lane: str, mark_sets: int, mark_ms: int, people: list[dict[str, bytes]]) -> bytes:
        """The plan as the route script reads it."""
        document: dict[str, Any] = {
            "lane": lane,
            "lanes": self.lanes,
            "last": self.last,
            "beyond": _next(self.last),
            "digests": self.digests,
            "mark_sets": mark_sets,
            "mark_ms": mark_ms,
            "ticket_ms": settings().ticket_ms,
            "person_seconds": settings().person_days * 86_400,
            "people": [
                [part for name, value in fields.items() for part in (name, value.decode())] for fields in people
            ],
            "integrations": [
                {"name": name, "events": share.events, "filtered": share.filtered, "unmapped": share.unmapped}
                | _bound(name, share)
                for name, share in self.shares.items()
            ],
            "letters": [letter.decode() for letter in self.letters],
            "letters_kept": settings().letters_kept,
            "counts": self.counts,
            "forgettings": self.forgettings,
            "fates": [[*fate, len(messages), "\n".join(messages)] for fate, messages in self.fates.items()],
            "fates_kept": settings().fates_kept,
            "unmapped_names": UNMAPPED_NAMES,
        }
        return orjson.dumps(document)


def _next(identifier: str) -> str:
    """The least id that an entry after this one can have."""
    milliseconds, _, number = identifier.partition("-")
    return f"{milliseconds}-{int(number) + 1}"


def _bound(name: str, share: Share) -> dict[str, Any]:
    """How many events may wait at an integration, and what the script needs to know besides if that is bounded."""
    if share.max_waiting is None:
        return {}
    places = {"lanes": keys.waiting(name), "asides": keys.events(name)}
    return {"max_waiting": share.max_waiting, "drops": share.drops, "messages": share.messages, **places}
