"""Deliver: what a ticket of an integration makes a worker do."""

from __future__ import annotations

from typing import Any

from workers import keys
from workers.connection import redis
from workers.head import Head
from workers.holds import halt
from workers.lanes import Lane, lease, release
from workers.registry import registry
from workers.shift import Shift
from workers.side import Side
from workers.slots import slots
from workers.source import Source
from workers.stopping import in_hand, stopping

MINUTE = 60_000


def deliver(name: str) -> dict[str, Any]:
    """Work the most overdue lane of an integration for about a second; a summary for Flower."""
    with in_hand(), slots().share(name) as free:
        if not free or stopping():
            decline(name)
            return {"lane": None, "why": "it has its share of this worker's slots" if not free else "stopping"}
        known = registry().get(name)
        lane = lease(name, known.timeout[1]) if known else lease(name)
        return work(name, lane) if lane else {"lane": None}


def decline(name: str) -> None:
    """Use a ticket up without working: the next lane that is given back, or the heartbeat, issues another."""
    redis().delete(keys.ticketed(name))


def work(name: str, lane: Lane) -> dict[str, Any]:
    """Work a leased lane and give it back."""
    fleet = registry().at(lane.revision)
    integration = fleet.get(name)
    if integration is None:
        return _unusable(name, lane, fleet.faults.get(name, "it is not installed"))
    shift = Shift(integration, source_of(lane, integration.batch.events, known_by_key=integration.destination.dedupes))
    try:
        shift.work()
    finally:
        release(lane, shift.park_ms, shift.timing.taken())
    return {"lane": lane.member, **shift.tally}


def source_of(lane: Lane, batch: int, *, known_by_key: bool = False) -> Source:
    """What a leased lane is worked from: its head, or a side lane's due groups of up to ``batch`` events."""
    return Head(lane) if lane.member.isdigit() else Side(lane, batch, known_by_key=known_by_key)


def _unusable(name: str, lane: Lane, fault: str) -> dict[str, Any]:
    halt(name, "setup", f"the integration cannot be used: {fault}", "Correct it and run: fleet apply FILE", MINUTE)
    release(lane)
    return {"lane": lane.member, "why": fault}
