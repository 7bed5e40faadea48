"""Keeping events: what is good of a call is kept by Redis before the call is answered, what is not is named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateway.ingest.refusals import invalid, not_kept
from gateway.settings import settings
from schemas.event import InvalidEvent, load_encoded
from workers.errors import NotKept
from workers.process import per_process
from workers.producer import Encoded, Producer
from workers.settings import settings as fleet_settings

FAULTS_TOLD = 100
"""Of so many bad events is told what is wrong with them."""

MOST_BAD = 1_000
"""So many bad events of a call are looked into, and what follows them is refused unread: to find out what is wrong with
one takes as long as keeping thirty, and a call may hold 170,000."""


@dataclass(slots=True)
class Sorted:
    """The events of a call: good ones as they will be kept, bad ones as they are told, and how many are ``unread``."""

    good: list[Encoded] = field(default_factory=list)
    bad: list[dict[str, Any]] = field(default_factory=list)
    unread: int = 0

    def told(self) -> list[dict[str, Any]]:
        """What is wrong, as far as it is told."""
        faults = self.bad[:FAULTS_TOLD]
        if self.unread:
            why = f"was not looked at, nor the {self.unread - 1:,} after it: {MOST_BAD:,} before it were refused"
            faults.append({"index": len(self.good) + len(self.bad), "faults": [f"event: {why}"]})
        return faults


def sort(events: list[Any], received_at: str) -> Sorted:
    """Accept each event, or say what is wrong with it."""
    found = Sorted()
    for index, event in enumerate(events):
        if len(found.bad) == MOST_BAD:
            found.unread = len(events) - index
            break
        try:
            found.good.append(load_encoded(event, received_at=received_at))
        except InvalidEvent as error:
            found.bad.append({"index": index, "faults": error.faults})
    return found


def keep(events: list[Any], pipeline: str, received_at: str) -> dict[str, Any]:
    """Keep what is good; the answer. Refused when that is nothing, or Redis does not keep it."""
    found = sort(events, received_at)
    if found.bad and not found.good:
        raise invalid(found.told())
    if found.good:
        try:
            producer().keep(found.good, pipeline)
        except NotKept as error:
            raise not_kept(error) from error
    if not found.bad:
        return {"success": True}
    refused = len(found.bad) + found.unread
    return {"success": True, "kept": len(found.good), "refused": refused, "faults": found.told()}


@per_process
def producer() -> Producer:
    """This process's way into the fleet, as patient as callers are."""
    return Producer(fleet_settings().redis_url, patience=settings().patience)
