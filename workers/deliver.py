"""Deliver: what a ticket of an integration makes a worker do."""

from __future__ import annotations

from collections import Counter
from typing import Any

from workers import keys
from workers.connection import redis
from workers.head import Head
from workers.lanes import Lane, due_lanes
from workers.registry import registry
from workers.shift import Shift
from workers.side import Side
from workers.slots import slots
from workers.source import Source
from workers.stopping import in_hand, stopping
from workers.stumbles import work_on


def deliver(name: str) -> dict[str, Any]:
    """Work lanes of an integration for about a second, the most overdue first; a summary for Flower."""
    with in_hand(), slots().share(name) as free:
        if why := _unwilling(name, free):
            decline(name)
            return {"lane": None, "why": why}
        known = registry().get(name)
        return _lane_after_lane(name, known.timeout[1]) if known else {"lane": None}


def _lane_after_lane(name: str, request_seconds: float) -> dict[str, Any]:
    total: Counter[str] = Counter()
    last: dict[str, Any] = {"lane": None}
    for lane, end in due_lanes(name, request_seconds):
        last, tally = work(lane, end)
        total += tally
        if "why" in last:
            break
    return {**last, **total}


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


def work(lane: Lane, end: float) -> tuple[dict[str, Any], Counter[str]]:
    """Work a leased lane until a moment (monotonic seconds) and give it back; its name, and what was counted."""
    summary: dict[str, Any] = {"lane": lane.member}
    with work_on(lane) as ending:
        integration = registry().at(lane.revision).get(lane.queue)
        if integration is None:
            return {**summary, "why": unusable(lane.queue)}, Counter()
        batch, known_by_key = integration.batch.events, integration.destination.dedupes
        shift = Shift(integration, source_of(lane, batch, known_by_key=known_by_key))
        try:
            shift.work(end)
        finally:
            ending.park_ms, ending.sums = shift.park_ms, shift.timing.taken()
    return ({**summary, "why": ending.fault} if ending.fault else summary), shift.tally


def source_of(lane: Lane, batch: int, *, known_by_key: bool = False) -> Source:
    """What a leased lane is worked from: its head, or a side lane's due groups of up to ``batch`` events."""
    return Head(lane) if lane.member.isdigit() else Side(lane, batch, known_by_key=known_by_key)
