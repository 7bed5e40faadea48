"""Workers that die, leave in good order, or freeze."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from tests.chaos.form import Setup, scenario
from tests.chaos.stage import Stage
from tests.engine.fleet import VENDORS
from workers import keys


@scenario("1", "kill -9 of a random worker every 2 s", Setup(bulk=False))
def killed(stage: Stage) -> None:
    every = max(1.0, 2 * stage.form.stretch)
    stage.notes["kills"] = 0
    for _ in stage.beats(every, least=3):
        stage.crew.kill()
        stage.notes["kills"] += 1


@scenario("2", "SIGTERM, rolling restarts")
def restarted(stage: Stage) -> None:
    patience = stage.setup.timeout + 10
    for _ in stage.beats(0.5, least=2):
        for member in stage.crew.members:
            stage.crew.wait_ready()
            stage.crew.stop(member, patience)
    stage.drain()
    stage.notes |= {"stops": stage.crew.restarts, "slowest stop, s": round(stage.crew.slowest_stop, 2)}
    doubtful = {name: stage.ledger(name)["in_doubt"] for name in stage.expected_dead}
    if any(doubtful.values()):
        stage.faults.append(f"a stop in good order left events in doubt: {doubtful}")


@scenario("9", "a worker frozen beyond its lease, then resumed", Setup(timeout=1.0))
def frozen(stage: Stage) -> None:
    for _ in stage.beats(1.0, least=2):
        _freeze(stage, {0: VENDORS}, seconds=7)


ROLES = ("route", ",".join(VENDORS))


@scenario("14", "a router and a deliverer frozen beyond their leases", Setup(timeout=1.0, queues=(*ROLES, *ROLES)))
def router_and_deliverer_frozen(stage: Stage) -> None:
    for _ in stage.beats(1.0):
        _freeze(stage, {0: (keys.ROUTE,), 1: VENDORS}, seconds=16)


def _freeze(stage: Stage, chosen: Mapping[int, Sequence[str]], seconds: float) -> None:
    """Freeze workers that hold a lane of these queues, let others take their lanes over, then let them go on.

    A router's lease lasts 14 s, a deliverer's 5 s here.
    """
    members = [stage.crew.members[number] for number in chosen]
    for number, vendors in chosen.items():
        queues = [keys.ROUTE if name == keys.ROUTE else stage.fleet.name(name) for name in vendors]
        stage.notes["frozen at work"] = stage.notes.get("frozen at work", 0) + _catch(stage, number, queues)
    time.sleep(seconds)
    for member in members:
        stage.crew.thaw(member)


def _catch(stage: Stage, number: int, queues: Sequence[str]) -> bool:
    """Freeze a worker, if possible while it holds a lane: then its lease is still there when a shift is long over."""
    for last in (*[False] * 8, True):
        stage.crew.freeze(stage.crew.members[number])
        held = _tokens(stage, queues)
        time.sleep(1.6)
        if held & _tokens(stage, queues):
            return True
        if not last:
            stage.crew.thaw(stage.crew.members[number])
            time.sleep(stage.dice.uniform(0.05, 0.2))
    return False


def _tokens(stage: Stage, queues: Sequence[str]) -> set[bytes]:
    """Who holds lanes of these queues."""
    return {token for queue in queues for token in stage.client.hkeys(keys.leases(queue))}
