"""Clearance: before a request leaves, its place in the flight is stored and the limiter asked, in one step."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from destinations.form.integration import Integration
from workers import keys, scripts
from workers.connection import own, redis
from workers.flights import Parcel
from workers.lanes import Lane
from workers.limits import pace_of, replay_window, windows
from workers.settings import settings
from workers.stopping import stopping

STALE = -2
RECOVERY = 0.1
"""How much of its full pace a throttled account wins back in a quiet minute."""

AHEAD_MS = 30
"""So much before its permit a parked lane comes back: a ticket and a lease take their time."""

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


Ask = Callable[[Parcel], tuple[int, int, int]]
"""Asks once for a request's permit: 1 cleared | 0 wait | -1 not ours | -2 read anew, wait (ms), now (ms).

What is cleared may have to wait, too: so far its permit is ahead of its time."""


def clear(ask: Ask, lane: Lane, parcel: Parcel, stopped: Event) -> Clearance:
    """Clear a request for sending, waiting for the limit when that is short. Its fate is then in doubt until settled.

    A crash before leaves nothing behind; after it, the next owner of the lane resends the request with its key.
    """
    slept_ms = 0
    while not (stopped.is_set() or lane.lost.is_set() or stopping()):
        word, wait_ms, now_ms = ask(parcel)
        if word == 1:
            if wait_ms:
                time.sleep(wait_ms / 1000)
            return Clearance(now_ms, slept_ms=slept_ms + wait_ms)
        if word == STALE:
            return Clearance(0)
        if word < 0:
            lane.lost.set()
        elif pace_asked(parcel):
            return Clearance(0, wait_ms + random.randrange(SCATTER_MS))
        elif (slept_ms := slept_ms + wait_ms) > settings().sleep_ms:  # others may be served first, time and again
            return Clearance(0, max(1, wait_ms - AHEAD_MS))
        else:
            time.sleep(wait_ms / 1000)
    return Clearance(0)


@dataclass(slots=True)
class Asking:
    """What the scripts ask for a request's permit with (see ``clear.lua`` and ``lua/lib/permit.lua``).

    ``names``    keys
    ``request``  its mark, its takeovers and entry ids, and forgettings: were there more, its events must be read anew
    ``limits``   recovery of the pace, and the numbers of the windows
    """

    names: list[str]
    request: list[scripts.Argument]
    limits: list[scripts.Argument]


def asking(integration: Integration, parcel: Parcel, forgettings: str) -> Asking:
    """How to ask for the permit of a parcel's next request."""
    ids = " ".join(member.id for member in parcel.members)
    return _asking(integration, parcel.mark, f"{parcel.cut.takeovers} {ids}", pace_asked(parcel), forgettings)


def ask_for(lane: Lane, asking: Asking) -> tuple[int, int, int]:
    """Ask once for a request of a leased lane."""
    names = [lane.state, keys.hold(lane.queue), *asking.names]
    word, wait_ms, now_ms = scripts.call(own(), "clear", names, [lane.token, *asking.request, *asking.limits])
    return word, wait_ms, now_ms


def pace_asked(parcel: Parcel) -> int:
    """The least time between two requests of replays (µs), where one is asked for; they never wait in their slot."""
    return parcel.cut.group.pace if parcel.cut.group else 0


def ask(integration: Integration) -> Clearance:
    """Ask once for a permit for a request that belongs to no lane."""
    wanted, name = _asking(integration, "", "", 0, ""), integration.name
    names = [keys.state(name), keys.hold(name), *wanted.names]
    word, wait_ms, now_ms = scripts.call(redis(), "clear", names, ["", *wanted.request, *wanted.limits])
    return Clearance(now_ms) if word == 1 else Clearance(0, wait_ms)


def _asking(integration: Integration, mark: str, flight: str, pace: int, forgettings: str) -> Asking:
    names, numbers = windows(integration)
    if pace:
        name, window = replay_window(integration, pace)
        names, numbers = [*names, name], [*numbers, *window]
    fixed = [keys.pace(pace_of(integration)), keys.FORGETTINGS]
    return Asking([*fixed, *names], [mark, flight, forgettings], [RECOVERY, *numbers])
