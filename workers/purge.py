"""Purge: drop what waits in a disabled or removed integration, counted as it goes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from workers import keys, scripts
from workers.connection import redis
from workers.deliver import source_of
from workers.flights import Settlement
from workers.lanes import Lane, release, stream_of
from workers.registry import Registry

CHUNK = 500
LEASE_MS = 10_000
PATIENCE = 60.0


class Enabled(Exception):
    """The integration is enabled: what waits there is on its way to the vendor."""


class Leased(Exception):
    """A worker keeps a lane leased beyond all patience."""


def purge(name: str, lanes: int) -> int:
    """Empty all lanes and side lanes; how many events went, each counted as ``purged``.

    A lane that a worker still holds is waited for. Raises ``Leased``, or ``Enabled``, also when that comes meanwhile.
    """
    return sum(_empty(name, f"{number}{kind}") for number in range(lanes) for kind in keys.KINDS)


def _empty(name: str, member: str) -> int:
    lane = Lane(name, member, stream_of(name, member), uuid.uuid4().hex, 0, "", 0.0, LEASE_MS, probe=False)
    purged, patient_until = 0, time.monotonic() + PATIENCE
    try:
        while redis().exists(lane.stream) and _waits(lane):
            if seize(lane):
                purged += _chunk(lane)
            else:
                _wait(lane, patient_until)
    finally:
        release(lane)
    return purged


def _waits(lane: Lane) -> int:
    return redis().xlen(lane.stream) if lane.member.isdigit() else redis().zcard(lane.stream)


def _chunk(lane: Lane) -> int:
    if not lane.member.isdigit():
        groups: Any = redis().zrange(lane.stream, 0, CHUNK)
        redis().zadd(lane.stream, dict.fromkeys(groups, 0))
    source = source_of(lane, batch=1)
    return sum(source.settle(Settlement(cut.members, "purged", "fleet purge")) for cut in source.cut(CHUNK))


def seize(lane: Lane) -> bool:
    """Take a lane, or keep it; False while a worker has it. Raises ``Enabled``."""
    names = (keys.INTEGRATIONS, lane.state, keys.agenda(lane.queue), keys.leases(lane.queue))
    word, _ = scripts.call(redis(), "seize", names, (lane.queue, lane.token, lane.member, lane.lease_ms))
    if word == b"enabled":
        raise Enabled
    return bool(word == b"lane")


def _wait(lane: Lane, until: float) -> None:
    if time.monotonic() > until:
        raise Leased(lane.member)
    time.sleep(0.1)


def retire(name: str, fleet: Registry) -> bool:
    """Delete a removed integration: document, counters, dead letters, samples. False when something waits in it."""
    lanes = [str(number) for number in range(fleet.lanes)]
    sides = [f"{lane}{kind}" for lane in lanes for kind in keys.KINDS if kind]
    names = [keys.INTEGRATIONS, keys.REVISION, *(keys.waiting(name, lane) for lane in lanes)]
    names += [keys.due(name, side) for side in sides]
    for side in sides:
        names += [keys.groups(name, side), keys.events(name, side), keys.barrier(name, side), keys.last(name, side)]
    names += [keys.state(name, member) for member in (*lanes, *sides)]
    names += [key(name) for key in OWN]
    return bool(scripts.call(redis(), "retire", names, (name, len(lanes), len(sides))))


OWN: tuple[Callable[[str], str], ...] = (
    keys.agenda,
    keys.ticketed,
    keys.leases,
    keys.nudges,
    keys.stumbles,
    keys.ledger,
    keys.unmapped,
    keys.warned,
    keys.dead,
    keys.turn,
    keys.history,
    keys.hold,
    keys.held,
    keys.health,
    keys.cleared,
    keys.samples,
    keys.timing,
)
"""What an integration has of its own in Redis, besides its lanes."""
