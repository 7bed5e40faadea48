"""Replays that are asked for: workers carry them out, exactly once each letter, whoever is killed in between."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.burials import bury, dead_refs, waiting_replays
from tests.engine.conftest import StartWorker
from tests.engine.events import refs, track, tracks
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from workers import changes, keys, replay_turn, replays, stopping
from workers.changes import Author
from workers.letters import Filter
from workers.registry import registry
from workers.replay_turn import Turn, carry_out, take
from workers.replays import Asked, begin, cancel, find, listed

pytestmark = pytest.mark.engine

ALICE = Author("alice", "api")


class Killed(BaseException):
    """As good as kill -9: nothing catches it."""


def begun(**asked: object) -> str:
    registry().refresh()
    return begin(Asked(**{"integration": None, "wanted": Filter(), **asked}), ALICE)  # type: ignore[arg-type]


def taken() -> Turn:
    turn = take()
    assert turn
    return turn


def state(identifier: str) -> tuple[str, int | None, int]:
    record = find(identifier)
    assert record
    return record["state"], record["total"], record["moved"]


def at_note(number: int, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Do something before so many looks at whether to go on."""
    looks, note = iter(range(number)), Turn.note

    def counted(self: Turn, **noted: object) -> None:
        if next(looks, None) is None:
            act()
        note(self, **noted)  # type: ignore[arg-type]

    monkeypatch.setattr(Turn, "note", counted)


def kill() -> None:
    raise Killed


def test_a_worker_carries_it_out_and_letters_written_later_stay(fleet: Fleet, start_worker: StartWorker) -> None:
    names = fleet.install("klaviyo", "statsig")
    fleet.vendors.fault("statsig", status=400)
    old = dict(zip(names, (tracks(120), tracks(10)), strict=True))
    for name in names:
        bury(fleet, name, old[name])
    identifier = begun(wanted=Filter(kind="refused"), rate=10_000.0)
    late = track()
    bury(fleet, names[0], [late])
    assert state(identifier) == ("queued", None, 0)
    start_worker(name="all")
    wait_until(lambda: state(identifier) == ("done", 130, 130), 20, lambda: find(identifier))
    fleet.wait_done()
    assert fleet.row(names[0])["delivered"] == 120
    assert dead_refs(fleet, names[0]) == refs([late])
    assert sorted(dead_refs(fleet, names[1])) == sorted(refs(old[names[1]]))  # died anew, and are not replayed again
    [record] = listed()
    assert record["created_at"] <= record["started_at"] <= record["ended_at"]
    assert record["asked"]["kind"] == "refused"
    [noted] = [each for each in changes.changes() if each["action"] == "replay begun"]
    assert (noted["by"], noted["details"]["rate"]) == ("alice", 10_000)


@pytest.mark.parametrize("limit", [None, 250])
def test_one_whose_worker_was_killed_goes_on_and_moves_each_letter_once(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, limit: int | None
) -> None:
    [name] = fleet.install("klaviyo")
    bury(fleet, name, tracks(400, persons=30))
    before = dead_refs(fleet, name)
    identifier, wanted = begun(integration=name, limit=limit), limit or 400
    monkeypatch.setattr(replay_turn, "LEASE_MS", 300)
    with monkeypatch.context() as patched:
        at_note(2, kill, patched)
        with pytest.raises(Killed):
            carry_out(taken())
    assert state(identifier) == ("running", wanted, 100)
    assert take() is None
    turn = wait_until(take)
    assert turn
    assert turn.moved == 100
    assert carry_out(turn) == "done"
    assert state(identifier) == ("done", wanted, wanted)
    moved = waiting_replays(fleet, name)
    assert len(moved) == len(set(moved)) == wanted
    assert sorted(moved + dead_refs(fleet, name)) == sorted(before)


def test_one_that_kills_every_worker_is_given_up(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.install("klaviyo")
    identifier = begun()
    monkeypatch.setattr(replay_turn, "LEASE_MS", 0)
    for _ in range(replay_turn.MOST_VANISHED):
        taken()
    assert take() is None
    record = find(identifier)
    assert record
    assert (record["state"], record["error"][:23]) == ("failed", "its worker vanished 5 t")


def test_it_is_cancelled_between_two_batches_and_by_nobody_twice(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    [name] = fleet.install("klaviyo")
    bury(fleet, name, tracks(300))
    first, second = begun(), begun()
    turn = taken()
    at_note(2, lambda: cancel(turn.id, ALICE), monkeypatch)
    assert carry_out(turn) == "cancelled"
    assert state(turn.id) == ("cancelled", 300, 100)
    other = second if turn.id == first else first
    assert cancel(other, ALICE) is True
    assert state(other) == ("cancelled", None, 0)
    assert [cancel(other, ALICE), cancel("nonsense", ALICE)] == [False, None]
    assert take() is None
    assert fleet.row(name)["dead"] == 200
    assert [each["action"] for each in changes.changes()].count("replay cancelled") == 2


def test_a_worker_that_stops_gives_it_back(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    [name] = fleet.install("klaviyo")
    bury(fleet, name, tracks(300))
    identifier = begun()
    with monkeypatch.context() as patched:
        at_note(2, lambda: patched.setattr(replay_turn, "stopping", lambda: True), patched)
        assert carry_out(taken()) == "queued"
    assert not stopping.stopping()
    assert state(identifier) == ("queued", 300, 100)
    assert carry_out(taken()) == "done"
    assert state(identifier) == ("done", 300, 300)


def test_so_many_may_be_open_and_so_many_are_remembered(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.install("klaviyo")
    monkeypatch.setattr(replays, "KEPT", 3)
    monkeypatch.setattr(replays, "MOST_OPEN", 2)
    kept = [begun(), begun()]
    with pytest.raises(replays.TooMany, match="cancel one"):
        begun()
    for identifier in kept:
        cancel(identifier, ALICE)
    later = [begun(), begun()]
    assert {record["id"] for record in listed()} == {kept[1], *later}
    assert len(list(fleet.redis.scan_iter(f"{keys.replay()}*"))) == 3


def test_of_the_person_whose_letters_are_meant_nothing_stays(fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo")
    bury(fleet, name, [track(user="u1"), track(user="somebody-else")])
    identifier = begun(wanted=Filter(person="somebody-else"))
    assert carry_out(taken()) == "done"
    assert state(identifier) == ("done", 1, 1)
    cancel(begun(wanted=Filter(person="somebody-else")), ALICE)
    record = find(identifier)
    assert record
    assert record["asked"]["person"] == "…"
    kept = [fleet.redis.hgetall(key) for key in fleet.redis.scan_iter(f"{keys.replay()}*")]
    assert len(kept) == 2
    assert "somebody-else" not in str(kept) + str(list(changes.changes()))
