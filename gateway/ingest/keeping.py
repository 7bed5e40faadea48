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


@dataclass(slots=True)
class Sorted:
    """The events of a call: good ones as they will be kept, bad ones as they are told."""

    good: list[Encoded] = field(default_factory=list)
    bad: list[dict[str, Any]] = field(default_factory=list)


def sort(events: list[Any], received_at: str) -> Sorted:
    """Accept each event, or say what is wrong with it."""
    found = Sorted()
    for index, event in enumerate(events):
        try:
            found.good.append(load_encoded(event, received_at=received_at))
        except InvalidEvent as error:
            found.bad.append({"index": index, "faults": error.faults})
    return found


def keep(events: list[Any], pipeline: str, received_at: str) -> dict[str, Any]:
    """Keep what is good; the answer. Refused when that is nothing, or Redis does not keep it."""
    found = sort(events, received_at)
    if found.bad and not found.good:
        raise invalid(found.bad[:FAULTS_TOLD])
    if found.good:
        try:
            producer().keep(found.good, pipeline)
        except NotKept as error:
            raise not_kept(error) from error
    if not found.bad:
        return {"success": True}
    told = {"kept": len(found.good), "refused": len(found.bad), "faults": found.bad[:FAULTS_TOLD]}
    return {"success": True, **told}


@per_process
def producer() -> Producer:
    """This process's way into the fleet, as patient as callers are."""
    return Producer(fleet_settings().redis_url, patience=settings().patience)
