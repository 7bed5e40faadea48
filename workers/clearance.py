"""Clearance: before a request leaves, its place in the flight is stored and the limiter asked, in one step."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from threading import Event

from destinations.form.integration import Integration
from workers import keys, scripts
from workers.connection import redis
from workers.flights import Parcel
from workers.lanes import Lane
from workers.limits import pace_of, replay_window, windows
from workers.settings import settings
from workers.stopping import stopping

STALE = -2
RECOVERY = 0.1
"""How much of its full pace a throttled account wins back in a quiet minute."""

SCATTER_MS = 1_000
"""Within so long the lanes of replays that ran ahead of their pace come back, not all at once."""


@dataclass(frozen=True, slots=True)
class Clearance:
    """When a request was cleared, by Redis's clock (ms); or, at 0, how long its lane must rest first (ms).

    ``slept_ms``: how long it slept for its permit.
    """

    at_ms: int
    park_ms: int = 0
    slept_ms: int = 0


def clear(integration: Integration, lane: Lane, parcel: Parcel, stopped: Event, forgettings: str) -> Clearance:
    """Clear a request for sending, waiting for the limit when that is short. Its fate is then in doubt until settled.

    A crash before leaves nothing behind; after it, the next owner of the lane resends the request with its key.
    When there were more ``forgettings`` than that, its events must be read anew.
    """
    slept_ms = 0
    while not (stopped.is_set() or lane.lost.is_set() or stopping()):
        word, wait_ms, now_ms = _ask(integration, lane, parcel, forgettings)
        if word == 1:
            return Clearance(now_ms, slept_ms=slept_ms)
        if word == STALE:
            return Clearance(0)
        if word < 0:
            lane.lost.set()
        elif pace_asked(parcel):
            return Clearance(0, wait_ms + random.randrange(SCATTER_MS))
        elif (slept_ms := slept_ms + wait_ms) > settings().sleep_ms:  # others may be served first, time and again
            return Clearance(0, wait_ms)
        else:
            time.sleep(wait_ms / 1000)
    return Clearance(0)


def _ask(integration: Integration, lane: Lane, parcel: Parcel, forgettings: str) -> tuple[int, int, int]:
    ids = " ".join(member.id for member in parcel.members)
    place = (lane.state, lane.token, parcel.mark, f"{parcel.cut.takeovers} {ids}")
    return _run(integration, *place, pace=pace_asked(parcel), forgettings=forgettings)


def pace_asked(parcel: Parcel) -> int:
    """The least time between two requests of replays (µs), where one is asked for; they never wait in their slot."""
    return parcel.cut.group.pace if parcel.cut.group else 0


def ask(integration: Integration) -> Clearance:
    """Ask once for a permit for a request that belongs to no lane."""
    word, wait_ms, now_ms = _run(integration, keys.state(integration.name), "", "", "")
    return Clearance(now_ms) if word == 1 else Clearance(0, wait_ms)


def _run(integration: Integration, *flight: str, pace: int = 0, forgettings: str = "") -> tuple[int, int, int]:
    names, numbers = windows(integration)
    if pace:
        name, window = replay_window(integration, pace)
        names.append(name)
        numbers += window
    state, *place = flight
    arguments: list[scripts.Argument] = [*place, RECOVERY, forgettings, *numbers]
    fixed = [state, keys.pace(pace_of(integration)), keys.hold(integration.name), keys.FORGETTINGS]
    answer = scripts.call(redis(), "clear", [*fixed, *names], arguments)
    word, wait_ms, now_ms = answer
    return int(word), int(wait_ms), int(now_ms)
