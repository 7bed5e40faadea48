"""The parts a destination's form is filled in with: plain data, no behaviour to override."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Event = dict[str, Any]
"""A normalised event, as ``schemas.event`` leaves it: plain JSON, snake_case, times as ISO 8601 UTC."""

Record = dict[str, Any]
"""One vendor record: what a blueprint makes of one event. Its shape is the vendor's affair."""

Config = Mapping[str, Any]
"""An integration's configuration after its destination's ``Config`` schema has loaded it."""


class Verdict(StrEnum):
    """What a vendor's answer means for the events of the request."""

    DELIVERED = "delivered"
    THROTTLED = "throttled"
    TRANSIENT = "transient"
    SETUP = "setup"
    INVALID = "invalid"
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class Batch:
    """How much one request may carry: events, and bytes of its body before compression."""

    events: int = 1
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``requests`` in any ``seconds``; ``source`` says who says so."""

    requests: int
    seconds: float
    source: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer. Header names are lower case; ``body`` is decoded from any content encoding.

    ``records`` are those of the request, in its order, for vendors that name the bad ones by position: a batch's are
    there for a destination that says ``finds_culprits``.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    records: Sequence[Record] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer means: the verdict, why in one sentence, and what the vendor said of time and place.

    ``retry_after`` is in seconds from now. ``culprits`` are the indices of the records the vendor names as bad.
    ``note`` is something worth recording about a delivery (a partial failure the vendor mentions in passing).
    """

    verdict: Verdict
    reason: str = ""
    hint: str = ""
    retry_after: float | None = None
    culprits: tuple[int, ...] = ()
    note: str = ""


class Drop(Exception):
    """Raised by a destination's ``finish``: this event is not wanted there. ``reason`` is a counter's name."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Reject(Exception):
    """Raised by a destination's ``finish``: the vendor would refuse or silently discard this event."""


@dataclass(slots=True)
class Draft:
    """One event on its way to becoming vendor records: what ``finish`` gets to work on."""

    event: Event
    name: str
    record: Record
    config: Config
    repairs: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def repair(self, what: str) -> None:
        """Record a change made so that the vendor will keep the event."""
        self.repairs.append(what)

    def warn(self, what: str) -> None:
        """Record that the vendor will accept the event and yet not do what its sender hopes."""
        self.warnings.append(what)


@dataclass(slots=True)
class Outcome:
    """What became of an event at one integration: ``send`` its records, ``drop`` it, or ``reject`` it.

    ``reason`` of a drop is a counter's name (``unmapped``, ``consent``, ``integrations`` …); of a reject, ``invalid``.
    ``detail`` is the sentence for people. An event may make several records; they are sent in order.
    Not to be changed once made; unfrozen because one is made for every event, and that costs a third.
    """

    kind: str
    records: tuple[Record, ...] = ()
    reason: str = ""
    detail: str = ""
    repairs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
