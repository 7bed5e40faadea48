"""The fleet itself changed, flooded, or fed in other ways; hosts with odd clocks."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.chaos.form import Setup, scenario
from tests.chaos.stage import Stage
from tests.engine.fleet import VENDORS
from workers import keys, purge
from workers.registry import registry

JUMPS = "1:0,7200,-7200,86400,-31536000,30"
"""Every second the clock is right, then off by two hours either way, a day, a year, half a minute."""


@scenario("11", "clock steps on a worker's host", Setup(env={"CHAOS_CLOCK": JUMPS}))
def clock_steps(stage: Stage) -> None:
    """Vendors throttle, with a date in Retry-After, and fail at times: waits must not follow the host's clock."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=3 + 3 * stage.form.stretch), usegmt=True)
    throttled = {"status": 429, "retry_after": soon, "rate": 0.02, "times": 3, "seed": stage.seed}
    for vendor in VENDORS:
        stage.vendors.faults(vendor, throttled, {"status": 500, "rate": 0.02, "seed": stage.seed})
    stage.drain()


@scenario("13", "fleet apply changing blueprint and limits under load")
def applied(stage: Stage) -> None:
    for number in stage.beats(0.5, least=4):
        for vendor in VENDORS:
            spec = stage.fleet.document["integrations"][stage.fleet.name(vendor)]
            names = {"page": f"seen_{number}", "Order Completed": f"bought_{number}"}
            spec["blueprint"] = {"events": names} if number % 2 else {}
            spec["limits"] = {"lifted": True} if number % 3 else {"requests_per_second": 40}
        stage.fleet.apply()
        stage.notes["applies"] = number
    for vendor in VENDORS:
        stage.fleet.document["integrations"][stage.fleet.name(vendor)]["limits"] = {"lifted": True}
    stage.fleet.apply()


@scenario(
    "17",
    "a flood waits behind a limit beyond the maximum age",
    Setup(traffic=False, env={"FLEET_AGE_MS": "2000"}, timeout=10.0),
)
def flooded(stage: Stage) -> None:
    """Everything waits, untried or between tries, longer than the maximum age; the age counts from the first try."""
    for vendor in VENDORS:
        spec = stage.fleet.document["integrations"][stage.fleet.name(vendor)]
        spec["limits"] = {"requests_per_minute": 60}
    stage.fleet.apply()
    stage.traffic.hurry()
    stage.traffic.start()
    stage.traffic.wait()
    stage.until(lambda: not stage.status()["inbox_waiting"], 600, "all is routed")
    stage.waited = sum(row["waiting"] for row in stage.status()["integrations"].values())
    time.sleep(4)
    for vendor in VENDORS:
        stage.fleet.document["integrations"][stage.fleet.name(vendor)]["limits"] = {"lifted": True}
    stage.fleet.apply()
    stage.drain()


@scenario("18", "raw XADD only, no ticket ever sent", Setup(raw=True))
def raw(stage: Stage) -> None:
    stage.traffic.wait()
    stage.drain()


@scenario("19", "an integration disabled and deleted under load")
def deleted(stage: Stage) -> None:
    """Kustomer is disabled, deleted, purged and retired, and installed again, over and over, while routers run.

    A worker that was in the middle of something is frozen meanwhile, and goes on when all of it is gone.
    """
    name = stage.fleet.name("kustomer")
    spec = stage.fleet.document["integrations"][name]
    listed = stage.fleet.document["pipelines"]["default"]["integrations"]
    lives: list[Counter[str]] = []
    for _ in stage.beats(0.5, least=3):
        spec["enabled"] = False
        stage.fleet.apply()
        time.sleep(0.5)
        member = stage.crew.pick()
        stage.crew.freeze(member)
        del stage.fleet.document["integrations"][name]
        listed.remove(name)
        stage.fleet.apply(prune=True)
        lives.append(_end(stage, name))
        stage.crew.thaw(member)
        time.sleep(0.5)
        _look_for_leftovers(stage, name)
        spec["enabled"] = True
        stage.fleet.document["integrations"][name] = spec
        listed.append(name)
        stage.fleet.apply()
    stage.drain()
    lives.append(stage.ledger("kustomer"))
    _close_the_books(stage, lives)


def _end(stage: Stage, name: str) -> Counter[str]:
    """Purge a deleted integration until it can be retired; its ledger as it was last."""
    while True:
        registry().refresh()
        purge.purge(name, registry().lanes)
        ledger = stage.ledger("kustomer")
        if purge.retire(name, registry()):
            return ledger


def _look_for_leftovers(stage: Stage, name: str) -> None:
    """Of a retired integration nothing may be left: whatever a router appended now would be lost."""
    kept = (keys.waiting(name), keys.ledger(name), keys.agenda(name), keys.events(name))
    left = [key.decode() for prefix in kept for key in stage.client.scan_iter(f"{prefix}*", count=1000)]
    if left:
        stage.faults.append(f"left behind by a retired integration: {', '.join(left[:5])}")


def _close_the_books(stage: Stage, lives: list[Counter[str]]) -> None:
    """All lives of the integration together: what it accepted was delivered or purged, and what arrived was counted."""
    total = sum(lives, Counter[str]())
    stage.notes |= {"lives": len(lives), "accepted": total["accepted"], "purged": total["purged"]}
    stage.judged_apart["kustomer"] = total
    if total["accepted"] != total["delivered"] + total["purged"]:
        stage.faults.append(f"kustomer: {dict(total)} does not add up")
