"""Deliver: what a ticket of an integration makes a worker do."""

from __future__ import annotations

from typing import Any

from workers import keys
from workers.connection import redis
from workers.head import Head
from workers.lanes import Lane, lease
from workers.registry import registry
from workers.shift import Shift
from workers.side import Side
from workers.slots import slots
from workers.source import Source
from workers.stopping import in_hand, stopping
from workers.stumbles import work_on


def deliver(name: str) -> dict[str, Any]:
    """Work the most overdue lane of an integration for about a second; a summary for Flower."""
    with in_hand(), slots().share(name) as free:
        if why := _unwilling(name, free):
            decline(name)
            return {"lane": None, "why": why}
        known = registry().get(name)
        lane = lease(name, known.timeout[1]) if known else None
        return work(lane) if lane else {"lane": None}


def _unwilling(name: str, free: bool) -> str:
    """Why this worker takes no lane of the integration now; empty when it does."""
    if not free:
        return "it has its share of this worker's slots"
    if stopping():
        return "stopping"
    if registry().get(name) is None:
        registry().refresh()
    return "" if registry().get(name) else unusable(name)


def unusable(name: str) -> str:
    """Why this worker cannot use an integration; another one may, or will once the fleet is applied anew."""
    return registry().faults.get(name, "it is not installed")


def decline(name: str) -> None:
    """Use a ticket up without working: the next lane that is given back, or the heartbeat, issues another."""
    redis().delete(keys.ticketed(name))


def work(lane: Lane) -> dict[str, Any]:
    """Work a leased lane and give it back."""
    summary: dict[str, Any] = {"lane": lane.member}
    with work_on(lane) as ending:
        integration = registry().at(lane.revision).get(lane.queue)
        if integration is None:
            return {**summary, "why": unusable(lane.queue)}
        batch, known_by_key = integration.batch.events, integration.destination.dedupes
        shift = Shift(integration, source_of(lane, batch, known_by_key=known_by_key))
        try:
            shift.work()
        finally:
            ending.park_ms, ending.sums = shift.park_ms, shift.timing.taken()
            summary |= shift.tally
    return {**summary, "why": ending.fault} if ending.fault else summary


def source_of(lane: Lane, batch: int, *, known_by_key: bool = False) -> Source:
    """What a leased lane is worked from: its head, or a side lane's due groups of up to ``batch`` events."""
    return Head(lane) if lane.member.isdigit() else Side(lane, batch, known_by_key=known_by_key)
