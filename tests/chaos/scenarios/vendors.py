"""Vendors that fail, go dark, refuse, throttle."""

from __future__ import annotations

import sys
import time
from subprocess import TimeoutExpired
from typing import Any

from tests.chaos.form import Setup, scenario
from tests.chaos.parts import Proxy
from tests.chaos.stage import Stage
from tests.chaos.traffic import ref
from tests.engine.fleet import VENDORS
from workers import holds, keys
from workers.limits import pace_of
from workers.local.processes import Process
from workers.registry import registry

FLAKY: tuple[dict[str, Any], ...] = (
    {"status": 500, "rate": 0.05},
    {"status": 429, "rate": 0.02, "retry_after": 1},
    {"reset": True, "rate": 0.01},
    {"accept_then_hang": True, "rate": 0.01},
)
"""5 % 500, 2 % 429 with Retry-After, 1 % resets, 1 % timeouts after having accepted."""


BRIEF = {"FLEET_PATIENCE": "0.03"}
"""One event in ten thousand fails four times in a row; its fifth try is then 18 s away, not a minute."""


@scenario("5", "vendors answering 500, 429, resets, timeouts", Setup(timeout=1.0, bulk=False, env=BRIEF))
def flaky(stage: Stage) -> None:
    for number, vendor in enumerate(VENDORS):
        stage.vendors.faults(vendor, *({**fault, "seed": stage.seed + number} for fault in FLAKY))
    stage.drain()
    stage.notes["faults"] = {vendor: stage.vendors.hits(vendor) for vendor in VENDORS}


@scenario("6", "one vendor dark for a minute", Setup(traffic=False))
def dark(stage: Stage) -> None:
    """Nobody listens where Kustomer was; the others must not notice."""
    with Proxy(stage.folder, stage.sandbox_port, stage.seed, name="vendor-proxy") as line:
        spec = stage.fleet.document["integrations"][stage.fleet.name("kustomer")]
        spec["base_url"] = f"http://127.0.0.1:{line.port}/kustomer"
        stage.fleet.apply()
        stage.traffic.start()
        time.sleep(1)
        line.tell("refuse")
        time.sleep(60 * stage.form.stretch)
        stage.notes["waiting when it came back"] = stage.row("kustomer")["waiting"] + stage.row("kustomer")["aside"]
        stage.notes["held"] = stage.row("kustomer")["held"]
        line.tell("accept")
        stage.drain()


WRONG = {
    "kustomer": {"api_key": "eyJhbGciOi.eyJvcmci.wrong"},
    "klaviyo": {"private_api_key": "pk_wrong"},
    "statsig": {"server_secret_key": "secret-wrong"},
    "launchdarkly": {"access_token": "api-wrong"},
}
"""Kissmetrics answers 200 to a wrong key too: nobody can know."""


@scenario("7", "a wrong credential, then corrected")
def wrong_credential(stage: Stage) -> None:
    right = {vendor: dict(_spec(stage, vendor)["config"]) for vendor in WRONG}
    for vendor, config in WRONG.items():
        stage.vendors.accept_only(vendor, *map(str, right[vendor].values()))
        _spec(stage, vendor)["config"] |= config
    stage.fleet.apply()
    for vendor in WRONG:
        stage.fleet.wait_held(stage.fleet.name(vendor), "setup", 30)
    time.sleep(10 * stage.form.stretch)
    for vendor in WRONG:
        _spec(stage, vendor)["config"] = right[vendor]
    stage.fleet.apply()
    stage.drain()


def _spec(stage: Stage, vendor: str) -> dict[str, Any]:
    spec: dict[str, Any] = stage.fleet.document["integrations"][stage.fleet.name(vendor)]
    return spec


POISON = "arsenic"


@scenario("8", "1 % poison events in batches", Setup(traffic=False))
def poison(stage: Stage) -> None:
    _poison(stage, 0.01)


def _poison(stage: Stage, share: float) -> None:
    """Let a share of the events be refused wherever they come, and wait until just those are dead letters."""
    for vendor in VENDORS:
        stage.vendors.faults(vendor, {"status": 400, "match": POISON})
    stage.traffic.poisonous = share, {"drink": POISON}
    stage.traffic.start()
    stage.traffic.wait()
    stage.expected_dead = {vendor: set(stage.traffic.poison) for vendor in VENDORS}
    stage.drain()
    stage.notes["poison"] = len(stage.traffic.poison)


REPLAY = [sys.executable, "-c", "from workers.cli import main; main()", "dead", "replay", "--all", "--rate", "1000000"]


@scenario("12", "replay of dead letters while workers are killed", Setup(traffic=False))
def replayed(stage: Stage) -> None:
    """The replay itself is killed again and again, too, and started anew until nothing is left to replay."""
    _poison(stage, max(0.06, 800 / stage.traffic.total))
    for vendor in VENDORS:
        stage.vendors.fault(vendor)
    stage.replayed = set(stage.traffic.poison)
    letters = sum(len(stage.dead(vendor)) for vendor in VENDORS)
    killed = 0
    while any(stage.dead(vendor) for vendor in VENDORS):
        command = Process("replay", REPLAY, stage.folder).start()
        try:
            command.wait(stage.dice.uniform(0.9, 1.5) if killed < 8 else 120)
        except TimeoutExpired:
            killed += 1
        command.kill()
        stage.crew.kill()
    stage.expected_dead = {vendor: set() for vendor in VENDORS}
    stage.notes |= {"letters": letters, "replays killed": killed}
    stage.drain()


@scenario(
    "15",
    "an event that always gets 500; one that kills",
    Setup(env={"FLEET_PATIENCE": "0.0001", "CHAOS_SIXTH": "1"}, timeout=0.5),
)
def cursed(stage: Stage) -> None:
    always, deadly = ref(3, 7), ref(5, 9)
    for vendor in VENDORS:
        stage.vendors.faults(vendor, {"status": 500, "match": f'{always}"'}, {"status": 500, "match": f"{always}&"})
    stage.expected_dead = {vendor: {always} for vendor in VENDORS}
    spec = stage.fleet.spec("statsig", timeout={"connect": 0.5, "total": 0.5})
    stage.fleet.add({"fragile": {**spec, "destination": "fragile", "variant": "default", "config": {"deadly": deadly}}})
    stage.drain()
    letters = stage.fleet.letters(keys.dead("fragile"))
    stage.notes["workers it killed"] = stage.crew.restarts
    found = [(letter["kind"], letter["event"]["properties"]["ref"]) for letter in letters]
    if found != [("bug", deadly)]:
        stage.faults.append(f"fragile: dead letters {found[:5]}, expected one bug, {deadly}")
    row = stage.fleet.row("fragile")
    if row["balance"] or row["delivered"] != row["accepted"] - 1:
        stage.faults.append(f"fragile: {row}")


FULL_BATCHES = Setup(traffic=False, env={"FLEET_PATIENCE": "0.0001", "FLEET_LANES": "1"})


@scenario("15b", "one event of a full batch that always gets 500", FULL_BATCHES)
def cursed_batch(stage: Stage) -> None:
    always = ref(3, 7)
    for vendor in VENDORS:
        stage.vendors.faults(vendor, {"status": 500, "match": f'{always}"'}, {"status": 500, "match": f"{always}&"})
    stage.expected_dead = {vendor: {always} for vendor in VENDORS}
    _in_full_batches(stage)


@scenario("15c", "full batches taken without an answer, then 500", FULL_BATCHES)
def doubtful_batch(stage: Stage) -> None:
    """What may have arrived keeps its key while it fails: whoever knows it by that key must not count it twice."""
    for vendor in VENDORS:
        stage.vendors.faults(vendor, {"accept_then_reset": True, "times": 1}, {"status": 500, "times": 5})
    _in_full_batches(stage)


def _in_full_batches(stage: Stage) -> None:
    names = [stage.fleet.name(vendor) for vendor in VENDORS]
    for name in names:
        holds.halt(name, "operator", "until all wait", "")
    stage.traffic.hurry()
    stage.traffic.start()
    stage.traffic.wait()
    stage.until(lambda: not stage.status()["inbox_waiting"], 60, "all is routed")
    for name in names:
        holds.free(name, "operator")
    stage.drain()


@scenario("16a", "eight lanes refused with 429 at once", Setup(traffic=False))
def throttled_at_once(stage: Stage) -> None:
    """Eight requests on the wire at once, all refused: one hold, its first rung, and the pace lowered once."""
    for vendor in VENDORS:
        stage.vendors.faults(vendor, {"status": 429, "latency_ms": 800, "times": 8, "retry_after": 60})
    stage.traffic.start()
    for vendor in VENDORS:
        name = stage.fleet.name(vendor)
        stage.fleet.wait_held(name, "throttled", 60)
    time.sleep(1.5)
    for vendor in VENDORS:
        name = stage.fleet.name(vendor)
        times = int(stage.client.hget(keys.hold(name), "times") or 0)
        integration = registry().get(name)
        assert integration is not None
        factor = float(stage.client.hget(keys.pace(pace_of(integration)), "factor") or 1)
        stage.notes[vendor] = {"refused": stage.vendors.hits(vendor), "holds": times, "pace": round(factor, 2)}
        if times > 1 or factor < 0.69:
            stage.faults.append(f"{vendor}: refused at once, held {times} times, pace {factor:.2f}")
        stage.vendors.faults(vendor)
        holds.free(name, "throttled")
    stage.drain()


@scenario("16b", "a 401 to an old key after the new one is in", Setup(traffic=False, timeout=4.0))
def late_refusal(stage: Stage) -> None:
    for vendor in WRONG:
        stage.vendors.faults(vendor, {"status": 401, "latency_ms": 2500, "times": 1})
    stage.traffic.start()
    stage.until(lambda: all(sum(stage.vendors.hits(vendor)) for vendor in WRONG), 30, "every vendor was asked")
    for vendor, config in WRONG.items():
        _spec(stage, vendor)["config"] |= {name: value.replace("wrong", "new") for name, value in config.items()}
    stage.fleet.apply()
    watched = time.monotonic() + 4
    while time.monotonic() < watched:
        for vendor in WRONG:
            if held := stage.row(vendor)["held"]:
                stage.faults.append(f"{vendor}: held by an answer to its old key: {held['reason']}")
                watched = 0.0
        time.sleep(0.05)
    stage.drain()
