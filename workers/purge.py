"""Purge: drop what waits in a disabled or removed integration, counted as it goes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from workers import keys, scripts
from workers.connection import redis
from workers.flights import cut
from workers.lanes import Lane, release
from workers.registry import Registry
from workers.settle import settle

CHUNK = 500
LEASE_MS = 10_000
PATIENCE = 60.0


class Enabled(Exception):
    """The integration is enabled: what waits there is on its way to the vendor."""


class Leased(Exception):
    """A worker keeps a lane leased beyond all patience."""


def purge(name: str, lanes: int) -> int:
    """Empty all lanes; how many events went, each counted as ``purged``.

    A lane that a worker still holds is waited for. Raises ``Leased``, or ``Enabled``, also when that comes meanwhile.
    """
    return sum(_empty(name, str(number)) for number in range(lanes))


def _empty(name: str, member: str) -> int:
    lane = Lane(name, member, keys.waiting(name, member), uuid.uuid4().hex, 0, "", 0.0, LEASE_MS)
    purged, patient_until = 0, time.monotonic() + PATIENCE
    try:
        while redis().xlen(lane.stream):
            if not seize(lane):
                _wait(lane, patient_until)
                continue
            gone = settle(lane, cut(lane, CHUNK) or [], "purged", note="fleet purge")
            purged += gone
    finally:
        release(lane)
    return purged


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


def forget(name: str, fleet: Registry) -> bool:
    """Forget a removed integration: document, counters, dead letters, samples. False when something waits in it."""
    lanes = [str(number) for number in range(fleet.lanes)]
    names = [keys.INTEGRATIONS, keys.REVISION]
    names += [keys.waiting(name, lane) for lane in lanes] + [keys.aside(name, lane) for lane in lanes]
    names += [keys.state(name, lane) for lane in lanes]
    for key in OWN:
        names.append(key(name))
    return bool(scripts.call(redis(), "forget", names, (name, len(lanes))))


OWN: tuple[Callable[[str], str], ...] = (
    keys.agenda,
    keys.ticketed,
    keys.leases,
    keys.nudges,
    keys.ledger,
    keys.unmapped,
    keys.warned,
    keys.dead,
    keys.hold,
    keys.cleared,
    keys.samples,
)
"""What an integration has of its own in Redis, besides its lanes."""
