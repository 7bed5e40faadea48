"""Leases: one worker a lane, for a limited time; whoever lost it moves nothing, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, Semaphore, Timer
from typing import Any

import orjson
import pytest
from redis.exceptions import ResponseError
from structlog.testing import CapturingLogger

import workers
from destinations.form.parts import Limit, Reading, Verdict
from tests.engine.events import track, tracks
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from workers import holds, keys, lanes, scripts
from workers.clearance import ask_for, asking
from workers.connection import redis
from workers.deliver import deliver
from workers.drain import drain
from workers.flights import Cut, Parcel, Settlement, Waiting
from workers.head import Head
from workers.lanes import Lane, lease, release, renewer
from workers.registry import registry
from workers.route import Batch, read_batch, route, route_batch
from workers.settings import settings
from workers.side import Side
from workers.streams import newest_first
from workers.together import Gathering, Step, carry_out
from workers.trace import names_in
from workers.waker import look as look_after

pytestmark = pytest.mark.engine


@pytest.fixture
def name(fleet: Fleet) -> str:
    """An integration with three events of one person in a lane."""
    installed = fleet.install("klaviyo")[0]
    fill(fleet, installed, 3)
    return installed


def fill(fleet: Fleet, name: str, number: int, user: str = "u1") -> None:
    """Route events to the lane of a person."""
    before = fleet.row(name)["waiting"]
    workers.enqueue([track(user=user) for _ in range(number)])
    route()
    assert fleet.row(name)["waiting"] == before + number


def leased(queue: str) -> Lane:
    """A lease that nobody renews; its queue counts as attended for a while."""
    lane = lease(queue)
    assert lane is not None
    renewer().forget(lane)
    redis().pexpire(keys.ticketed(queue), 60_000)
    return lane


def lease_again(lane: Lane) -> Any:
    """What the lease script answers to the token of a lane."""
    names = [keys.agenda(lane.queue), keys.ticketed(lane.queue), keys.hold(lane.queue), keys.leases(lane.queue)]
    names += [keys.REVISION, keys.nudges(lane.queue), keys.ledger(lane.queue), keys.held(lane.queue)]
    arguments: list[scripts.Argument] = [lane.token, 5_000, keys.state(lane.queue), 100, 250, 1, 0]
    return scripts.call(redis(), "lease", names, arguments)


def cut(lane: Lane, size: int) -> list[Waiting]:
    """Events from the head of a lane."""
    return [member for cut in Head(lane).cut(size) for member in cut.members]


def settle(
    lane: Lane, members: Sequence[Waiting], fate: str, sample: bytes = b"", letters: Sequence[bytes] = ()
) -> int:
    """Settle events at the head of a lane."""
    return Head(lane).settle(Settlement(members, fate, sample=sample, letters=letters))


def parcel(members: Sequence[Waiting], cut: Cut | None = None) -> Parcel:
    """A parcel of which nothing is known but its members."""
    return Parcel(members, (), "key", cut or Cut(members))


def step_aside(lane: Lane, members: Sequence[Waiting]) -> int:
    """Let a failed request wait aside; how many failed in a row, 0 when nothing was moved."""
    return Head(lane).postpone(parcel(members), 60_000, b"{}", doubt=True).in_a_row


def follow(lane: Lane, sent: Sequence[Waiting], following: Sequence[Waiting]) -> tuple[int, int]:
    """Settle a delivered request and ask for the next one's permit; how many events left, and the word."""
    integration = registry().at(lane.revision).get(lane.queue)
    assert integration is not None
    wanted = asking(integration, Parcel(following, (), "next", Cut(following)), "0")
    left, (word, *_) = Head(lane).follow(Settlement(sent, "delivered", mark="key"), wanted)
    return left, word


def batch_of(lane: Lane) -> Batch:
    """What a router has read of an inbox lane."""
    batch = read_batch(lane)
    assert batch is not None
    return batch


def step(lane: Lane, sent: Waiting, following: Waiting, tight: Limit | None = None) -> Step:
    """A delivered event of a lane to settle, and another to clear, under a limit of its integration's own."""
    integration = registry().at(lane.revision).get(lane.queue)
    assert integration is not None
    bound = replace(integration, tightened=(tight,)) if tight else integration
    wanted = asking(bound, Parcel([following], (), following.id, Cut([following])), "0")
    return Step(lane, Settlement([sent], "delivered", mark=sent.id), wanted)


def sending(fleet: Fleet, lane: Lane) -> set[bytes]:
    """The marks of what a lane notes as being sent."""
    return {field.removeprefix(b"sending:") for field in fleet.redis.hkeys(lane.state) if field.startswith(b"sending:")}


def test_a_leased_lane_is_not_leased_to_anybody_else(fleet: Fleet, name: str) -> None:
    lane = leased(name)
    assert lease(name) is None
    assert fleet.redis.hgetall(keys.leases(name)) == {lane.token.encode(): lane.member.encode()}
    assert fleet.lanes(name)[lane.member] == int(fleet.redis.hget(lane.state, "until"))


def test_the_same_token_gets_the_same_lane_and_nothing_is_moved(fleet: Fleet, name: str) -> None:
    fill(fleet, name, 2, user="u2")
    lane = leased(name)
    before = fleet.everything()
    assert lease_again(lane)[:2] == [b"lane", lane.member.encode()]
    assert fleet.everything() == before


def test_the_most_overdue_lane_comes_first_and_one_that_waits_meanwhile_calls_for_a_ticket(
    fleet: Fleet, name: str
) -> None:
    fill(fleet, name, 2, user="u2")
    first, second = fleet.lanes(name)
    fleet.redis.zadd(keys.agenda(name), {first: 2_000, second: 1_000})
    fleet.redis.delete(name, keys.ticketed(name))
    assert leased(name).member == second
    fill(fleet, name, 1, user="u3")
    assert fleet.redis.llen(name) == 0  # whoever leased looks after it
    look_after([name])
    assert fleet.redis.llen(name) == 1
    assert 0 < fleet.redis.pttl(keys.ticketed(name)) <= settings().ticket_ms
    assert leased(name).member == first


def test_one_ticket_works_lane_after_lane_and_calls_for_another_when_its_time_is_up(
    fleet: Fleet, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2, 6):
        fill(fleet, name, 1, user=f"u{number}")
    fleet.redis.delete(name, keys.ticketed(name))
    monkeypatch.setattr(lanes, "settings", lambda: replace(settings(), box_seconds=0.0))
    assert deliver(name)["delivered"] < 7
    wait_until(lambda: fleet.redis.llen(name) == 1)
    monkeypatch.undo()
    deliver(name)
    assert (fleet.row(name)["delivered"], fleet.lanes(name)) == (7, {})


def test_who_listens_is_rung_instead_of_a_ticket(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    name = fleet.install("klaviyo")[0]
    fleet.redis.delete(name)
    monkeypatch.setattr(lanes, "settings", lambda: replace(settings(), linger_seconds=5.0))
    with ThreadPoolExecutor(1) as pool:
        listener = pool.submit(lanes.due_lanes(name).__next__)
        assert wait_until(lambda: fleet.redis.get(keys.ticketed(name)) == b"listening", 2.0, fleet.status)
        workers.enqueue([track()])
        monkeypatch.undo()
        route()
        lane, _ = listener.result(timeout=2.0)
    assert fleet.redis.llen(name) == 0
    assert len(cut(lane, 10)) == 1


def test_a_lane_given_back_during_its_renewal_is_not_called_lost(
    fleet: Fleet, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = CapturingLogger()  # how others configured structlog in this process does not matter
    monkeypatch.setattr("workers.lanes.log", log)
    lane = leased(name)
    release(lane)
    lane.renew()
    assert not log.calls
    stranger = replace(leased(name), token="somebody else", given_back=False)
    stranger.renew()
    assert stranger.lost.is_set()
    assert [call.args for call in log.calls] == [("lease lost",)]


def test_a_hold_that_ran_out_is_probed_although_a_worker_vanished_meanwhile(fleet: Fleet, name: str) -> None:
    fill(fleet, name, 2, user="u2")
    vanished = leased(name)
    holds.halt(name, "breaker", "it was down", "", milliseconds=0)
    for member in fleet.lanes(name):
        fleet.redis.zadd(keys.agenda(name), {member: 0})
    assert lease(name) is None
    fleet.redis.hset(vanished.state, "until", 1)
    for member in fleet.lanes(name):
        fleet.redis.zadd(keys.agenda(name), {member: 0})
    probing = leased(name)
    assert probing.probe
    assert probing.token != vanished.token


def test_an_expired_lease_passes_to_the_next_and_the_late_owner_moves_nothing(fleet: Fleet, name: str) -> None:
    late = leased(name)
    members = cut(late, 10)
    fleet.redis.hset(late.state, "until", 1)
    fleet.redis.zadd(keys.agenda(name), {late.member: 1})
    assert fleet.row(name)["in_flight"] == 3
    lane = leased(name)
    assert (lane.member, late.token != lane.token) == (late.member, True)
    assert fleet.redis.hkeys(keys.leases(name)) == [lane.token.encode()]
    assert settle(late, members, "delivered") == 0
    assert late.lost.is_set()
    assert settle(lane, members, "delivered") == 3
    assert (fleet.row(name)["delivered"], fleet.row(name)["balance"]) == (3, 0)


@pytest.mark.parametrize("mark", ["", "the key of a request"], ids=["not sent", "sent"])
def test_what_leaves_a_lane_is_counted_once_and_named(fleet: Fleet, name: str, mark: str) -> None:
    lane = leased(name)
    members = cut(lane, 10)
    settlement = Settlement(members, "delivered", mark=mark)
    assert [Head(lane).settle(settlement) for _ in range(2)] == [3, 0]
    assert latest_fate() == [member.message_id for member in members]
    assert (fleet.row(name)["delivered"], fleet.row(name)["balance"]) == (3, 0)


def test_what_was_erased_before_it_was_sent_is_not_settled(fleet: Fleet, name: str) -> None:
    lane = leased(name)
    members = cut(lane, 10)
    assert fleet.redis.xdel(lane.stream, members[1].id) == 1
    assert settle(lane, members, "dropped:consent") == 2
    assert latest_fate() == [members[0].message_id, members[2].message_id]


def latest_fate() -> list[str]:
    """The message ids of the fate booked last."""
    return names_in(next(newest_first(keys.FATES)))


def test_a_held_integration_leases_nothing_until_its_end(fleet: Fleet, name: str) -> None:
    until = holds.halt(name, "operator", "a test", "", 60_000)
    assert lease(name) is None
    assert set(fleet.lanes(name).values()) == {until}
    assert holds.free(name, "setup") is False
    assert lease(name) is None
    assert holds.free(name, "operator") is True
    leased(name)


def test_a_refusal_of_the_moment_a_hold_began_is_the_same_refusal(fleet: Fleet, name: str) -> None:
    registry().refresh()
    integration = registry().get(name)
    assert integration is not None
    for _ in range(2):
        since = int(fleet.redis.hget(keys.hold(name), "since") or fleet.now_ms())
        holds.place(integration, "throttled", Reading(Verdict.THROTTLED, "too many", retry_after=60), asked_ms=since)
    assert fleet.redis.hget(keys.hold(name), "times") == b"1"


def test_a_hold_that_is_shortened_ends_when_it_says(fleet: Fleet, name: str) -> None:
    holds.halt(name, "operator", "for ever", "")
    assert lease(name) is None
    assert max(fleet.lanes(name).values()) <= fleet.now_ms() + 60_000
    holds.halt(name, "operator", "a moment", "", 200)
    fleet.redis.zadd(keys.agenda(name), dict.fromkeys(fleet.lanes(name), 1))  # the minute is over
    assert wait_until(lambda: lease(name), 2.0, fleet.status)


@pytest.mark.parametrize("end", ["a release", "an apply", "its time", "another hold"])
def test_however_a_hold_ends_its_time_does_not_count_as_age(fleet: Fleet, name: str, end: str) -> None:
    kind = "setup" if end == "an apply" else "operator"
    holds.halt(name, kind, "a test", "", 60_000)
    fleet.redis.hset(keys.hold(name), mapping={"since": fleet.now_ms() - 5_000})
    if end == "a release":
        holds.free(name, "operator")
    elif end == "an apply":
        fleet.install("klaviyo", label="changed")
    elif end == "another hold":
        holds.halt(name, "operator", "another", "", 1_000)
    else:
        fleet.redis.hset(keys.hold(name), "until", fleet.now_ms())
        lease(name)
    assert 5_000 <= int(fleet.redis.get(keys.held(name))) < 8_000


def test_a_hold_stops_a_shift_that_is_under_way(fleet: Fleet) -> None:
    name = fleet.install("klaviyo", limits={"lifted": True, "requests_per_second": 100})[0]
    fill(fleet, name, 150)
    Timer(0.4, holds.halt, (name, "operator", "a test", "")).start()
    summary = deliver(name)
    assert 1 <= summary["delivered"] <= 50
    row = fleet.row(name)
    assert (row["waiting"], row["balance"]) == (150 - summary["delivered"], 0)
    assert lease(name) is None
    holds.free(name, "operator")
    assert deliver(name)["delivered"] > 0


class TestRelease:
    def test_of_an_emptied_lane_forgets_it(self, fleet: Fleet, name: str) -> None:
        lane = leased(name)
        settle(lane, cut(lane, 10), "delivered")
        release(lane, 5_000)
        assert fleet.lanes(name) == {}
        assert not fleet.redis.exists(lane.state, keys.leases(name))

    def test_makes_the_lane_due_at_once(self, fleet: Fleet, name: str) -> None:
        lane = leased(name)
        release(lane)
        assert fleet.lanes(name)[lane.member] <= fleet.now_ms()
        assert not fleet.redis.exists(lane.state)

    def test_parks_for_as_long_as_asked_without_a_ticket(self, fleet: Fleet, name: str) -> None:
        lane, before = leased(name), fleet.now_ms()
        fleet.redis.delete(name)
        release(lane, 60_000)
        assert before + 60_000 <= fleet.lanes(name)[lane.member] <= fleet.now_ms() + 60_000
        assert fleet.redis.llen(name) == 0
        assert lease(name) is None

    @pytest.mark.parametrize("nudge", ["a release of a hold", "an apply"])
    def test_does_not_park_what_was_called_back_meanwhile(self, fleet: Fleet, name: str, nudge: str) -> None:
        lane = leased(name)
        if nudge == "an apply":
            fleet.install("klaviyo", label="changed")
        else:
            holds.free(name)
        release(lane, 60_000)
        assert fleet.lanes(name)[lane.member] <= fleet.now_ms()
        leased(name)

    def test_adds_up_what_was_timed_once(self, fleet: Fleet, name: str) -> None:
        lane = leased(name)
        for _ in range(2):
            release(lane, 0, ["requests", 3, "le:5", 2])
        assert fleet.redis.hgetall(keys.timing(name)) == {b"requests": b"3", b"le:5": b"2"}

    def test_calls_parked_lanes_back(self, fleet: Fleet, name: str) -> None:
        release(leased(name), 60_000)
        fleet.install("klaviyo", label="changed")
        assert max(fleet.lanes(name).values()) <= fleet.now_ms()


def test_a_request_is_settled_and_the_next_one_in_doubt_in_one_step_also_when_asked_twice(
    fleet: Fleet, name: str
) -> None:
    lane = leased(name)
    first, second, _ = cut(lane, 10)
    fleet.redis.hset(lane.state, "sending:key", f"0 {first.id}")
    for left in (1, 0):  # the second time as after an answer that was lost
        assert follow(lane, [first], [second]) == (left, 1)
        sending = {field: text for field, text in fleet.redis.hgetall(lane.state).items() if b":" in field}
        assert sending == {b"sending:next": f"0 {second.id}".encode()}
    assert (fleet.row(name)["delivered"], fleet.row(name)["waiting"], fleet.row(name)["balance"]) == (1, 2, 0)


def test_a_request_is_settled_also_when_the_next_one_must_wait(fleet: Fleet, name: str) -> None:
    lane = leased(name)
    first, second, _ = cut(lane, 10)
    fleet.redis.hset(keys.hold(name), mapping={"kind": "throttled", "until": 2**53})
    assert follow(lane, [first], [second]) == (1, 0)
    assert not fleet.redis.hexists(lane.state, "sending:next")


def test_a_stranger_neither_settles_nor_clears(fleet: Fleet, name: str) -> None:
    lane = leased(name)
    first, second, _ = cut(lane, 10)
    before = fleet.everything()
    assert follow(replace(lane, token="somebody else"), [first], [second]) == (0, -1)
    assert fleet.everything() == before


def test_several_lanes_settle_and_clear_in_one_step_each_by_its_own_token(fleet: Fleet, name: str) -> None:
    fill(fleet, name, 2, user="u2")
    fill(fleet, name, 2, user="u5")
    lanes = [leased(name) for _ in range(3)]
    pairs = [cut(lane, 2) for lane in lanes]
    lanes[2] = replace(lanes[2], token="somebody else")
    one_more = Limit(1, 60, "a test")
    steps = [step(lane, sent, after, one_more) for lane, (sent, after, *_) in zip(lanes, pairs, strict=True)]
    for lane, (sent, *_) in zip(lanes, pairs, strict=True):
        fleet.redis.hset(lane.state, f"sending:{sent.id}", f"0 {sent.id}")
    carry_out(steps)
    answers = [one.answer or (0, 0, 0, 0) for one in steps]
    assert [answer[:2] for answer in answers] == [(1, 1), (1, 0), (0, -1)]
    assert 50_000 < answers[1][2] <= 60_001
    notes = [{pairs[0][1].id.encode()}, set(), {pairs[2][0].id.encode()}]
    assert [sending(fleet, lane) for lane in lanes] == notes
    carry_out(steps)  # as after an answer that was lost
    assert [one.answer and one.answer[0] for one in steps] == [0, 0, 0]
    assert [sending(fleet, lane) for lane in lanes] == notes
    row = fleet.row(name)
    assert (row["delivered"], row["waiting"], row["balance"]) == (2, 5, 0)


def test_threads_that_settle_at_once_each_get_their_own_answer(fleet: Fleet, name: str) -> None:
    fill(fleet, name, 37)
    lane = leased(name)
    members = cut(lane, 40)
    steps = [step(lane, sent, following) for sent, following in zip(members[:20], members[20:], strict=True)]
    gathering = Gathering()
    with ThreadPoolExecutor(len(steps)) as threads:
        answers = list(threads.map(gathering.take, steps))
    assert {answer[:2] for answer in answers} == {(1, 1)}
    assert sending(fleet, lane) == {member.id.encode() for member in members[20:]}
    assert (fleet.row(name)["delivered"], fleet.row(name)["balance"]) == (20, 0)


def test_threads_whose_call_fails_all_raise_and_the_next_are_not_held_up(fleet: Fleet, name: str) -> None:
    fill(fleet, name, 1, user="u2")
    lane, other = sorted([leased(name), leased(name)], key=lambda one: -fleet.redis.xlen(one.stream))
    first, second, third = cut(lane, 10)
    fleet.redis.set(other.state, "no hash")
    steps = [step(lane, first, second), step(other, third, third)]
    carry_out(steps)
    assert [type(one.error) for one in steps] == [ResponseError] * 2
    gathering = Gathering()
    with pytest.raises(ResponseError):
        gathering.take(step(other, third, third))
    assert gathering.take(step(lane, second, third))[:2] == (1, 1)


def test_nothing_is_cleared_of_a_lane_whose_integration_was_held_since(fleet: Fleet, name: str) -> None:
    lane = leased(name)
    following = cut(lane, 3)
    holds.halt(name, "operator", "a pause", "")
    integration = registry().at(lane.revision).get(name)
    assert integration
    wanted = asking(integration, Parcel(following, (), "next", Cut(following)), "0")
    word, wait_ms, _ = ask_for(lane, wanted)
    assert (word, wait_ms, sending(fleet, lane)) == (0, 60_000, set())


def test_renewing_prolongs_the_lease(fleet: Fleet, name: str) -> None:
    lane = leased(name)
    before = fleet.lanes(name)[lane.member]
    lane.lease_ms += 30_000
    lane.renew()
    assert fleet.lanes(name)[lane.member] >= before + 30_000
    assert int(fleet.redis.hget(lane.state, "until")) == fleet.lanes(name)[lane.member]
    assert lane.ours_for(30)
    assert not lane.ours_for(60)


OWNED: dict[str, Callable[[Lane, list[Any]], object]] = {
    "cut": lambda lane, _: cut(lane, 10),
    "settle": lambda lane, members: settle(lane, members, "delivered", sample=b"{}"),
    "settle a death": lambda lane, members: settle(lane, members, "dead:bug", letters=[b"{}"] * len(members)),
    "step aside": step_aside,
    "release": lambda lane, _: release(lane, 1_000),
    "renew": lambda lane, _: lane.renew(),
}


@pytest.mark.parametrize("script", OWNED)
def test_a_foreign_token_moves_nothing_in_a_lane(fleet: Fleet, name: str, script: str) -> None:
    lane = leased(name)
    members = cut(lane, 10)
    assert len(members) == 3
    stranger = replace(lane, token="somebody else", safe_until=0.0)
    before = fleet.everything()
    assert not OWNED[script](stranger, members)
    assert fleet.everything() == before
    assert stranger.lost.is_set() or script in ("cut", "release")


OWNED_ASIDE: dict[str, Callable[[Side, Cut], object]] = {
    "take": lambda stranger, _: stranger.cut(10),
    "settle aside": lambda stranger, cut: stranger.settle(Settlement(cut.members, "delivered")),
    "regroup": lambda stranger, cut: stranger.postpone(parcel(cut.members, cut), 0, b"{}", doubt=True).in_a_row,
    "split": lambda stranger, cut: stranger.split(cut, [cut.members[:1], cut.members[1:]]),
}


@pytest.mark.parametrize("script", OWNED_ASIDE)
def test_a_foreign_token_moves_nothing_in_a_side_lane(fleet: Fleet, name: str, script: str) -> None:
    lane = leased(name)
    assert step_aside(lane, cut(lane, 10)) == 1
    assert (fleet.row(name)["waiting"], fleet.row(name)["aside"]) == (0, 3)
    release(lane)
    holds.free(name)
    side = leased(name)
    owner = Side(side, batch=1)
    (group,) = owner.cut(10)
    stranger = Side(replace(side, token="somebody else", safe_until=0.0, lost=Event()), batch=1)
    stranger._taken = dict(owner._taken)
    before = fleet.everything()
    assert not OWNED_ASIDE[script](stranger, group)
    assert fleet.everything() == before
    assert stranger.lane.lost.is_set()


def test_what_stepped_aside_is_settled_from_there_and_counted_in_doubt(fleet: Fleet, name: str) -> None:
    lane = leased(name)
    step_aside(lane, cut(lane, 10))
    release(lane)
    holds.free(name)
    side = Side(leased(name), batch=1)
    (group,) = side.cut(10)
    assert (group.key, group.group and group.group.tries) == ("key", 1)
    assert side.settle(Settlement(group.members[:1], "delivered")) == 1
    assert side.settle(Settlement(group.members[:1], "delivered")) == 0
    assert side.settle(Settlement(group.members[1:], "delivered")) == 2
    release(side.lane)
    row = fleet.row(name)
    assert (row["aside"], row["delivered"], row["balance"]) == (0, 3, 0)
    assert int(fleet.redis.hget(keys.ledger(name), "in_doubt")) == 3
    assert not [key for key in fleet.redis.scan_iter("*") if b"barrier" in key or b"groups" in key]
    assert fleet.lanes(name) == {}


@pytest.mark.parametrize("script", ["route", "drain", "cut"])
def test_a_foreign_token_moves_nothing_in_an_inbox(fleet: Fleet, script: str) -> None:
    fleet.install("klaviyo")
    if script == "drain":
        fleet.redis.xadd(keys.raw("default"), {"event": orjson.dumps(track())})
        fleet.redis.zadd(keys.agenda(keys.ROUTE), {"default/raw": 1})
    else:
        workers.enqueue([track()])
    lane = leased(keys.ROUTE)
    stranger = replace(lane, token="somebody else")
    batch = replace(batch_of(lane), lane=stranger) if script == "route" else None
    before = fleet.everything()
    moved = batch.carry_out() if batch else drain(stranger) if script == "drain" else route_batch(stranger)
    assert not moved
    assert fleet.everything() == before


def test_what_was_read_too_early_is_read_anew_in_another_turn(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.install("klaviyo")
    workers.enqueue([track(), track()])
    lane, turns, reads = leased(keys.ROUTE), Semaphore(1), 0

    def read_early(of: Lane) -> Any:
        nonlocal reads
        batch, reads = read_batch(of), reads + 1
        if reads == 1:
            fleet.redis.incr(keys.FORGETTINGS)
        return batch

    monkeypatch.setattr("workers.route.at_once", lambda: turns)
    monkeypatch.setattr("workers.route.read_batch", read_early)
    with ThreadPoolExecutor(1) as router:
        moved = router.submit(route_batch, lane)
        try:
            assert moved.result(timeout=10) == 2
        finally:
            turns.release()  # who waits for itself would never end
    assert reads == 2


def test_a_script_sent_again_counts_nothing_twice(fleet: Fleet) -> None:
    name = fleet.install("klaviyo")[0]
    workers.enqueue([track(), track()])
    inbox = leased(keys.ROUTE)
    batch = batch_of(inbox)
    assert [batch.carry_out() for _ in range(2)] == [2, 0]
    release(inbox)
    lane = leased(name)
    members = cut(lane, 10)
    assert [settle(lane, members, "dead:bug", letters=[b"{}", b"{}"]) for _ in range(2)] == [2, 0]
    row = fleet.row(name)
    assert (row["accepted"], row["dead"], row["balance"]) == (2, 2, 0)
    assert fleet.status()["routed"] == 2


def test_a_batch_leaves_its_inbox_and_what_came_in_behind_it_stays(fleet: Fleet) -> None:
    """Whose worker vanished before the step is read again whole; after it, what is left is what came later."""
    name = fleet.install("klaviyo")[0]
    workers.enqueue(tracks(3, persons=1))
    inbox = leased(keys.ROUTE)
    batch, same = batch_of(inbox), batch_of(inbox)
    assert batch.raw == same.raw
    workers.enqueue(tracks(2, persons=1))
    assert batch.carry_out() == 3
    rest = batch_of(inbox)
    assert (len(rest.raw), fleet.redis.xlen(inbox.stream), same.carry_out()) == (2, 2, 0)
    assert rest.carry_out() == 2
    assert (fleet.row(name)["accepted"], fleet.status()["routed"], fleet.redis.xlen(inbox.stream)) == (5, 5, 0)


def test_work_ends_when_the_lease_is_lost(fleet: Fleet) -> None:
    """A worker stopped beyond its lease finds it gone before its next request."""
    name = fleet.install("klaviyo", timeout={"connect": 0.2, "total": 0.4})[0]
    workers.enqueue(tracks(20, persons=1))
    route()
    fleet.vendors.fault("klaviyo", latency_ms=50.0)
    stolen = keys.state(name, next(iter(fleet.lanes(name))))

    def steal() -> None:
        fleet.redis.hset(stolen, "owner", "somebody else")

    Timer(0.3, steal).start()
    summary = deliver(name)
    assert 0 < summary["delivered"] < 20
    row = fleet.row(name)
    assert row["delivered"] == summary["delivered"]
    assert row["balance"] == 0
    assert len(fleet.vendors.refs("klaviyo")) - row["delivered"] in (0, 1)
