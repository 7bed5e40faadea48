"""Replayed letters arrive, in order, at their pace, and are never both dead and waiting, nor neither."""

from __future__ import annotations

import random
import time
from collections import Counter
from threading import Thread
from typing import Any

import pytest

import workers
from tests.engine.burials import bury, dead_refs, fleet_command, waiting_replays
from tests.engine.conftest import StartWorker
from tests.engine.events import refs, track, tracks
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from workers import apply, holds, keys
from workers.audit import audit
from workers.dead import places
from workers.letters import Filter, select
from workers.mappings import as_then
from workers.registry import registry
from workers.replay import Terms
from workers.replay_plan import Plan

pytestmark = pytest.mark.engine


def replay(limit: int | None = None, **terms: Any) -> Plan:
    """Replay all letters, as the command line does; the plan."""
    fleet = registry()
    fleet.refresh()
    plan = Plan(fleet, Terms(**terms))
    plan.gather(select(places(fleet), Filter()), limit)
    for _ in plan.carry_out():
        pass
    return plan


def in_balance(fleet: Fleet, *names: str) -> None:
    """The books balance, and everything that waits hangs together."""
    registry().refresh()
    assert [fault for account in audit(registry()) for fault in account.faults] == []
    for name in names:
        deaths = fleet.redis.hgetall(keys.ledger(name))
        there = Counter(letter["kind"] for letter in fleet.letters(keys.dead(name)))
        counted = {key.decode()[5:]: int(value) for key, value in deaths.items() if key.startswith(b"dead:")}
        assert {kind: number for kind, number in counted.items() if number} == dict(there)


@pytest.mark.parametrize("vendor", ["statsig", "kustomer"])
def test_letters_of_one_person_arrive_in_the_order_their_events_came(
    fleet: Fleet, start_worker: StartWorker, vendor: str
) -> None:
    [name] = fleet.install(vendor)
    events = tracks(300, persons=7)
    came = list(enumerate(events))
    random.Random(1).shuffle(came)
    for number, event in came:
        bury(fleet, name, [event], entry=f"{1_700_000_000_000 + number}-0")
    assert replay().total == 300
    assert fleet.row(name)["aside"] == 300
    in_balance(fleet, name)
    start_worker(name="all")
    fleet.wait_row(name, 20, aside=0, dead=0, delivered=300)
    in_balance(fleet, name)
    arrived = fleet.vendors.refs(vendor)
    for person in range(7):
        assert [ref for ref in arrived if ref in refs(events[person::7])] == refs(events[person::7])
    if vendor == "statsig":
        assert fleet.vendors.summary(vendor)["requests"] <= 7 * 2


def test_whoever_fails_is_not_overtaken_by_later_letters_of_the_same_person(
    fleet: Fleet, start_worker: StartWorker
) -> None:
    [name] = fleet.install("kustomer")
    start_worker(name="all", FLEET_PATIENCE="0.2")
    events = [track(user="u1") for _ in range(5)]
    others = [track(user=f"o{number}") for number in range(5)]
    bury(fleet, name, [*events, *others])
    fleet.vendors.fault("kustomer", status=500, times=2, match=f'"{refs(events)[0]}"')
    replay()
    fleet.wait_row(name, 30, aside=0, dead=0, delivered=10)
    arrived = fleet.vendors.refs("kustomer")
    assert arrived[5:] == refs(events)
    assert sorted(arrived[:5]) == sorted(refs(others))


def test_a_letter_that_dies_again_counts_its_replays_and_is_left_after_two(
    fleet: Fleet, start_worker: StartWorker
) -> None:
    [name] = fleet.install("klaviyo")
    start_worker(name="all")
    fleet.vendors.fault("klaviyo", status=400)
    workers.enqueue([track()])
    fleet.wait_row(name, dead=1, waiting=0)
    for times in (1, 2):
        assert replay().total == 1
        wait_until(lambda: fleet.row(name)["aside"] == 0, last=fleet.status)
        (letter,) = fleet.letters(keys.dead(name))
        assert (letter["replays"], letter["attempts"], letter["kind"]) == (times, 1, "refused")  # tries begin anew
        in_balance(fleet, name)
    plan = replay()
    assert plan.total == 0
    assert "--force" in next(iter(plan.parts[name].left))
    fleet.vendors.fault("klaviyo")
    assert replay(force=True).total == 1
    fleet.wait_row(name, dead=0, aside=0, delivered=1)
    assert fleet.redis.hget(keys.ledger(name), "replayed") == b"3"


def test_replays_go_at_a_quarter_of_the_limit_also_after_a_hold(fleet: Fleet, start_worker: StartWorker) -> None:
    limits = {"requests_per_second": 40, "lifted": True}
    [name] = fleet.install("klaviyo", limits=limits)
    start_worker(name="all")
    bury(fleet, name, tracks(30, persons=3))
    holds.halt(name, "operator", "until all are overdue", "")
    replay()
    time.sleep(4)
    holds.free(name, "operator")
    fleet.wait_row(name, 20, dead=0, aside=0, delivered=30)
    arrived = sorted(kept["at"] for kept in fleet.vendors.kept("klaviyo"))
    within = max(sum(1 for at in arrived if start <= at < start + 1) for start in arrived)
    assert within <= 20
    assert arrived[-1] - arrived[0] >= 1.5
    in_balance(fleet, name)


def test_a_rate_may_be_chosen(fleet: Fleet, start_worker: StartWorker) -> None:
    [name] = fleet.install("klaviyo")
    start_worker(name="all")
    bury(fleet, name, tracks(6, persons=1))
    replay(rate=2)
    fleet.wait_row(name, 20, dead=0, aside=0, delivered=6)
    arrived = [kept["at"] for kept in fleet.vendors.kept("klaviyo")]
    assert 2.0 <= arrived[-1] - arrived[0] <= 8.0


def test_the_mapping_as_it_was_then_or_as_it_is_now(fleet: Fleet, start_worker: StartWorker) -> None:
    [name] = fleet.install("klaviyo", blueprint={"events": {"Order Completed": "Old Name"}})
    fleet.install("klaviyo", blueprint={"events": {"Order Completed": "New Name"}})
    bury(fleet, name, tracks(2, persons=2), revision=1)
    assert replay(limit=1, then=True).total == 1
    fleet.install("klaviyo", blueprint={"events": {"Order Completed": "Newest Name"}})
    start_worker(name="all")
    fleet.wait_row(name, dead=1, aside=0, delivered=1)
    assert replay().total == 1
    fleet.wait_row(name, dead=0, aside=0, delivered=2)
    sent = [str(item) for item in fleet.vendors.items("klaviyo")]
    assert "Old Name" in sent[0]
    assert "Newest Name" in sent[1]


def test_a_mapping_that_is_gone_is_told_before_and_buries_nothing_silently(
    fleet: Fleet, start_worker: StartWorker
) -> None:
    [name] = fleet.install("klaviyo")
    for number in range(3):
        fleet.install("klaviyo", blueprint={"events": {"Order Completed": f"Name {number}"}})
    bury(fleet, name, [track()], revision=2)
    assert replay(then=True).total == 1
    fleet.redis.hdel(keys.history(name), 2)
    start_worker(name="all")
    fleet.wait_row(name, dead=1, aside=0)
    (letter,) = fleet.letters(keys.dead(name))
    assert (letter["kind"], letter["revision"], letter["replays"]) == ("invalid", 2, 1)
    assert "revision 2 is kept no longer" in letter["reason"]
    as_then.cache_clear()  # as in a new process
    plan = replay(then=True)
    assert plan.total == 0
    assert "revision 2 is kept no longer" in next(iter(plan.parts[name].left))
    assert replay().total == 1
    fleet.wait_row(name, dead=0, aside=0, delivered=1)


def test_so_many_mappings_are_kept(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "REVISIONS_KEPT", 3)
    name = fleet.name("klaviyo")
    for number in range(5):
        fleet.install("klaviyo", blueprint={"events": {"Order Completed": f"Name {number}"}})
    kept = fleet.redis.hgetall(keys.history(name))
    assert sorted(kept) == [b"3", b"4", b"5"]
    assert b"pk_" not in b"".join(kept.values())


def test_two_replays_at_once_move_every_letter_once(fleet: Fleet) -> None:
    names = fleet.install("klaviyo", "statsig")
    for name in names:
        bury(fleet, name, tracks(1_500, persons=40))
    letters = {name: dead_refs(fleet, name) for name in names}
    both = [Thread(target=replay) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    for name in names:
        assert sorted(waiting_replays(fleet, name)) == sorted(letters[name])
        assert fleet.row(name)["dead"] == 0
        assert fleet.redis.hget(keys.ledger(name), "replayed") == b"1500"
    in_balance(fleet, *names)


@pytest.mark.timeout(240)
def test_replays_killed_again_and_again_while_workers_are_killed_lose_nothing(
    fleet: Fleet, start_worker: StartWorker
) -> None:
    chance = random.Random(7)
    names = fleet.install("klaviyo", "statsig", timeout={"connect": 0.5, "total": 1.0})
    for name in names:
        bury(fleet, name, tracks(4_000, persons=50))
    letters = {name: dead_refs(fleet, name) for name in names}
    worker, dead = start_worker(name="w0"), 8_000
    for turn in range(1, 100):
        command = fleet_command("dead", "replay", "--all")
        enough = dead - chance.randint(250, 1_500)
        while command.poll() is None and dead > enough:
            dead = sum(fleet.redis.xlen(keys.dead(name)) for name in names)
        command.kill()
        command.communicate()
        status = fleet.status()["integrations"]
        assert {row["balance"] for row in status.values()} == {0}, status
        dead = sum(row["dead"] for row in status.values())
        if turn in (2, 4):
            worker.kill()
            worker = start_worker(name=f"w{turn}")
        if not dead:
            break
    assert turn >= 5
    status = fleet.wait_done(120)["integrations"]
    in_balance(fleet, *names)
    for vendor, name in zip(("klaviyo", "statsig"), names, strict=True):
        assert status[name]["delivered"] == len(letters[name]), status
        arrived = fleet.vendors.refs(vendor)
        assert set(arrived) == set(letters[name])
        in_doubt = int(fleet.redis.hget(keys.ledger(name), "in_doubt") or 0)
        assert len(arrived) - len(set(arrived)) <= in_doubt
