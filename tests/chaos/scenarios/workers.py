"""Workers that die, leave in good order, or freeze."""

from __future__ import annotations

from tests.chaos.form import Setup, scenario
from tests.chaos.stage import Stage


@scenario("1", "kill -9 of a random worker every 2 s")
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
    _freeze(stage, 0)


@scenario(
    "14",
    "a router and a deliverer frozen beyond their leases",
    Setup(
        timeout=1.0,
        queues=("route", "kissmetrics,kustomer,klaviyo,statsig,launchdarkly") * 2,
    ),
)
def router_and_deliverer_frozen(stage: Stage) -> None:
    _freeze(stage, 0, 1)


def _freeze(stage: Stage, *numbers: int) -> None:
    """Freeze workers while events flow, let others take their lanes over, then let them go on."""
    for _ in stage.beats(1.0, least=2):
        chosen = [stage.crew.members[number] for number in numbers]
        for member in chosen:
            stage.crew.freeze(member)
        _wait_beyond_leases(stage)
        for member in chosen:
            stage.crew.thaw(member)


def _wait_beyond_leases(stage: Stage) -> None:
    """Until leases have run out and others had time to take over: a router's lasts 14 s, a deliverer's 5 s here."""
    import time

    time.sleep(16 if stage.setup.queues else 8)
