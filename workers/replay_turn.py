"""A turn of a worker with a replay that was asked for: letters are picked, then moved batch after batch.

Before each batch it asks whether the replay is still this worker's and wanted. A worker that stops gives it back; from
one that vanishes another takes it over when the lease ends, and picks again what has not moved.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
import sentry_sdk
import structlog

from workers import keys, scripts, tickets
from workers.connection import AWAY, redis
from workers.dead import places
from workers.letters import select
from workers.registry import registry
from workers.replay import LanesChanged, Terms
from workers.replay_inbox import PipelineGone
from workers.replay_plan import Plan
from workers.replays import Asked
from workers.settings import settings
from workers.stopping import in_hand, stopping

log = structlog.get_logger(__name__)

LEASE_MS = 20_000
EVERY = 2_000
"""After so many letters looked at the lease is renewed."""

MOST_VANISHED = 5

Thing = TypeVar("Thing")


class Interrupted(Exception):
    """The replay ends here for this worker; ``state`` is what becomes of it, empty when it is somebody else's."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True, slots=True)
class Turn:
    """One worker's turn with one replay. ``moved``: letters that moved before this turn."""

    id: str
    asked: Asked
    moved: int
    token: str

    def note(self, **noted: scripts.Argument) -> None:
        """Write down how far it has come. Raises ``Interrupted`` when it must not go on."""
        if stopping():
            raise Interrupted("queued")
        arguments: list[scripts.Argument] = [self.token, LEASE_MS, self.id]
        for name, value in noted.items():
            arguments += [name, value]
        names = (keys.replay(self.id), keys.agenda(keys.REPLAYS))
        word = scripts.call(redis(), "replay_note", names, arguments)
        if word != 1:
            raise Interrupted("cancelled" if word == 2 else "")

    def end(self, state: str, error: str = "") -> None:
        """End it, or give it back (``queued``)."""
        names = (keys.replay(self.id), keys.agenda(keys.REPLAYS), keys.ticketed(keys.REPLAYS))
        if scripts.call(redis(), "replay_end", names, (self.token, self.id, state, settings().ticket_ms, error)):
            tickets.publish([keys.REPLAYS])


def replay_turn() -> dict[str, Any]:
    """Carry out the replay that waits longest; a summary for Flower."""
    with in_hand():
        turn = None if stopping() else take()
        if turn is None:
            return {"replay": None}
        return {"replay": turn.id, "state": carry_out(turn)}


def take() -> Turn | None:
    """Take a replay; None when there is none to take."""
    token = uuid.uuid4().hex
    names = (keys.agenda(keys.REPLAYS), keys.ticketed(keys.REPLAYS))
    answer = scripts.call(redis(), "replay_lease", names, (token, LEASE_MS, keys.replay(), MOST_VANISHED))
    if not answer:
        return None
    identifier, asked, moved, person = answer
    return Turn(identifier.decode(), Asked.unpack(asked, person.decode()), int(moved), token)


def carry_out(turn: Turn) -> str:
    """Replay as far as possible; what became of it."""
    try:
        _replay(turn)
        state, error = "done", ""
    except Interrupted as interrupted:
        state, error = interrupted.state, ""
    except LanesChanged:
        state, error = "queued", ""
    except PipelineGone as gone:
        state, error = "failed", f"pipeline {gone} was removed meanwhile"
    except AWAY:
        raise  # another worker goes on with it when the lease has ended
    except Exception as fault:
        log.exception("a replay failed", replay=turn.id)
        sentry_sdk.capture_exception(fault)
        state, error = "failed", f"a fault of ours, {type(fault).__name__}; see the log of the workers"
    turn.end(state, error)
    return state


def _replay(turn: Turn) -> None:
    fleet, asked = registry(), turn.asked
    fleet.refresh()
    if asked.integration not in (None, "inbox", *fleet.names):
        return
    plan = Plan(fleet, Terms(asked.then, asked.force, asked.rate, turn.id))
    rest = None if asked.limit is None else asked.limit - turn.moved
    if rest != 0:
        plan.gather(_watched(turn, select(places(fleet, asked.integration), asked.wanted)), rest)
    left: Counter[str] = sum((part.left for part in plan.parts.values()), Counter())
    turn.note(total=turn.moved + plan.total, left=orjson.dumps(left))
    for _ in plan.carry_out():
        turn.note()


def _watched(turn: Turn, things: Iterable[Thing]) -> Iterator[Thing]:
    """Things, with a look now and then at whether the replay is still ours and wanted."""
    for number, thing in enumerate(things):
        if number % EVERY == 0:
            turn.note()
        yield thing
