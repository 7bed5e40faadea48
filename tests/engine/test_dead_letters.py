"""A dead letter of whatever kind says all there is to say; there are only so many, and only for so long."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

import workers
from schemas.dead_letter import DeadLetterSchema
from tests.engine.burials import bury, letter_of
from tests.engine.conftest import StartWorker
from tests.engine.events import Event, refs, track, tracks
from tests.engine.fleet import CONFIGS, Fleet
from tests.engine.test_replay import in_balance, replay
from tests.engine.waiting import wait_until
from workers import holds, keys
from workers.forget import Forgetting, known_ids
from workers.import_letters import Importer, NoRoom
from workers.purge_letters import purge_letters
from workers.registry import registry
from workers.retention import DAY_MS, purge_old

pytestmark = pytest.mark.engine

TIMEOUT = {"timeout": {"connect": 0.3, "total": 0.5}}
PARK = {"on_doubt": "park", **TIMEOUT}


def letter_after(fleet: Fleet, vendor: str, event: Event, **parts: Any) -> dict[str, Any]:
    """The letter that an event becomes, whole, as it is exported."""
    [name] = fleet.install(vendor, **parts)
    workers.enqueue([event])
    fleet.wait_row(name, 30, dead=1, waiting=0, aside=0)
    in_balance(fleet, name)
    [(entry, fields)] = fleet.redis.xrange(keys.dead(name))
    letter: dict[str, Any] = {"id": f"{name}/{entry.decode()}", **orjson.loads(fields[b"letter"])}
    assert letter.items() <= DeadLetterSchema().load(letter).items()
    assert letter["event"]["properties"]["ref"] == refs([event])[0]
    assert (letter["integration"], letter["revision"], letter["replays"]) == (name, 1, 0)
    assert int(letter["entry"].partition("-")[0]) <= int(entry.partition(b"-")[0])
    assert letter["first_at"] <= letter["last_at"]
    assert letter["reason"]
    assert not any(secret in orjson.dumps(letter).decode() for secret in CONFIGS[vendor].values() if len(secret) > 9)
    return letter


def sent(letter: dict[str, Any], event: Event) -> bool:
    """Whether the letter shows the request that carried the event."""
    return bool(letter["request"]["url"]) and refs([event])[0] in letter["request"]["body"] + letter["request"]["url"]


def test_invalid(fleet: Fleet, start_worker: StartWorker) -> None:
    start_worker(name="all")
    letter = letter_after(fleet, "kissmetrics", track(properties={"note": "x" * 600}))
    assert (letter["kind"], letter["attempts"], letter["request"], letter["answer"]) == ("invalid", 0, None, None)
    assert "600 characters" in letter["reason"]
    assert "fleet explain" in letter["hint"]


def test_refused_with_a_long_answer_that_repeats_the_secret(fleet: Fleet, start_worker: StartWorker) -> None:
    start_worker(name="all")
    secret, event = CONFIGS["klaviyo"]["private_api_key"], track()
    fleet.vendors.fault("klaviyo", status=400, body="." * (32_768 - 10) + secret + "." * 9_000)
    letter = letter_after(fleet, "klaviyo", event)
    assert (letter["kind"], letter["attempts"], letter["answer"]["status"]) == ("refused", 1, 400)
    assert len(letter["answer"]["body"].encode()) <= 32_768
    assert secret[:8] not in letter["answer"]["body"]
    assert "email, phone_number or external_id" in letter["hint"]
    assert sent(letter, event)


def test_exhausted(fleet: Fleet, start_worker: StartWorker) -> None:
    start_worker(name="all", FLEET_PATIENCE="0.000001")
    event = track()
    fleet.vendors.fault("klaviyo", status=503, body="not today")
    letter = letter_after(fleet, "klaviyo", event)
    assert (letter["kind"], letter["attempts"], letter["answer"]["status"]) == ("exhausted", 11, 503)
    assert letter["answer"]["body"] == "not today"
    assert letter["first_at"] < letter["last_at"]
    assert sent(letter, event)


def test_expired_shows_its_last_attempt(fleet: Fleet, start_worker: StartWorker) -> None:
    start_worker(name="all", FLEET_PATIENCE="0.1", FLEET_AGE_MS="300")
    event = track()
    fleet.vendors.fault("klaviyo", status=503, body="not today")
    letter = letter_after(fleet, "klaviyo", event)
    assert (letter["kind"], letter["attempts"], letter["answer"]["status"]) == ("expired", 1, 503)
    assert letter["answer"]["body"] == "not today"
    assert letter["first_at"] < letter["last_at"]
    assert letter["hint"]
    assert sent(letter, event)


def test_in_doubt_by_a_timeout(fleet: Fleet, start_worker: StartWorker) -> None:
    start_worker(name="all")
    event = track()
    fleet.vendors.fault("kustomer", latency_ms=2_000.0)
    letter = letter_after(fleet, "kustomer", event, **PARK)
    assert (letter["kind"], letter["attempts"], letter["answer"]) == ("in_doubt", 1, None)
    assert sent(letter, event)


def test_in_doubt_by_a_worker_that_vanished(fleet: Fleet, start_worker: StartWorker) -> None:
    [name] = fleet.install("kustomer", on_doubt="park", timeout={"connect": 1.0, "total": 2.0})
    fleet.vendors.fault("kustomer", latency_ms=1_800.0)
    first, event = start_worker(name="first"), track()
    workers.enqueue([event])
    wait_until(lambda: any(b"sending:" in field for key in states(fleet, name) for field in fleet.redis.hkeys(key)))
    first.kill()
    start_worker(name="second")
    fleet.wait_row(name, 30, dead=1, waiting=0)
    (letter,) = fleet.letters(keys.dead(name))
    assert (letter["kind"], letter["attempts"], letter["answer"]) == ("in_doubt", 1, None)
    assert "a worker vanished" in letter["reason"]
    assert "Look at the vendor" in letter["hint"]
    assert sent(letter, event)


def states(fleet: Fleet, name: str) -> list[bytes]:
    """Keys of the states of an integration's lanes."""
    return list(fleet.redis.scan_iter(keys.state(name) + "*"))


def test_when_they_are_full_the_integration_is_held_until_there_is_room(
    fleet: Fleet, start_worker: StartWorker
) -> None:
    [name] = fleet.install("klaviyo")
    start_worker(name="all", FLEET_LETTERS_KEPT="3")
    poison = [track() for _ in range(4)]
    for event in poison:
        event["properties"]["poison"] = "yes"
    fleet.vendors.fault("klaviyo", status=400, match='"poison"')
    workers.enqueue(poison)
    held = fleet.wait_held(name, "full")
    assert "3" in held["reason"]
    row = fleet.row(name)
    assert (row["dead"], row["waiting"] + row["aside"], row["balance"]) == (3, 1, 0)
    assert "fleet dead" in fleet.redis.hget(keys.hold(name), "hint").decode()
    wait_until(lambda: not fleet.row(name)["in_flight"], last=fleet.status)
    [entry] = [entry for entry, _ in fleet.redis.xrange(keys.dead(name), count=1)]
    assert purge_letters(name, [(entry.decode(), "m")]) == 1
    fleet.wait_row(name, dead=3, waiting=0, aside=0, held=None)
    in_balance(fleet, name)
    assert fleet.redis.hmget(keys.ledger(name), "purged", "in_doubt") == [b"1", None]


def test_those_of_a_person_who_was_forgotten_are_not_put_back(fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo")
    registry().refresh()
    Forgetting(known_ids("u1"), registry()).carry_out()
    importer, inbox = Importer(name, registry()), Importer("inbox/default", registry())
    theirs, others = ({**track(user=user), "message_id": user} for user in ("u1", "u2"))
    later = {**letter_of(name, {**theirs, "message_id": "later"}, 3), "first_at": "2100-01-01T00:00:00Z"}
    assert importer.put([letter_of(name, theirs, 1), letter_of(name, others, 2), later]) == 2
    assert sorted(letter["event"]["message_id"] for letter in fleet.letters(keys.dead(name))) == ["later", "u2"]
    invalid = letter_of(name, theirs, 4) | {"integration": None, "kind": "invalid", "event": '{"userId": "u1"}'}
    assert inbox.put([invalid | {"pipeline": "default"}]) == 0
    assert (importer.forgotten, inbox.forgotten) == (1, 1)
    in_balance(fleet, name)


def test_no_more_are_imported_than_there_is_room_for(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    [name] = fleet.install("klaviyo")
    bury(fleet, name, tracks(3))
    registry().refresh()
    monkeypatch.setattr("workers.import_letters.settings", lambda: Kept(4))
    importer = Importer(name, registry())
    events = [{**track(), "message_id": f"m{number}"} for number in range(2)]
    with pytest.raises(NoRoom, match="at most 4"):
        importer.put([letter_of(name, event, number) for number, event in enumerate(events)])
    assert fleet.row(name)["dead"] == 3
    in_balance(fleet, name)


class Kept:
    """Settings of which only one matters."""

    def __init__(self, letters: int) -> None:
        self.letters_kept = letters


def test_those_that_are_too_old_are_purged_and_counted(fleet: Fleet) -> None:
    names = fleet.install("klaviyo", "statsig")
    now, old = fleet.now_ms(), fleet.now_ms() - 30 * DAY_MS - 60_000
    for name in names:
        events = [{**track(), "message_id": f"{name}{number}"} for number in range(1_203)]
        letters = [letter_of(name, event, number) for number, event in enumerate(events)]
        with fleet.redis.pipeline() as pipe:
            for number, letter in enumerate(letters):
                at = f"{old if number < 1_200 else now}-{number}"
                pipe.xadd(keys.dead(name), {"letter": orjson.dumps({**letter, "pipeline": None})}, id=at)
            pipe.hincrby(keys.ledger(name), "accepted", len(letters))
            pipe.hincrby(keys.ledger(name), "dead:refused", len(letters))
            pipe.execute()
    fleet.redis.xadd(keys.inbox_dead("default"), {"letter": b'{"kind":"invalid"}'}, id=f"{old}-1")
    fleet.redis.hincrby(keys.pipeline_ledger("default"), "received", 1)
    fleet.redis.hincrby(keys.pipeline_ledger("default"), "invalid", 1)
    registry().refresh()
    in_balance(fleet, *names)
    holds.halt(names[0], "full", "until there is room", "")
    assert purge_old(registry()) == 2_401
    assert fleet.row(names[0])["held"] is None
    for name in names:
        assert fleet.row(name)["dead"] == 3
        assert fleet.redis.hget(keys.ledger(name), "purged") == b"1200"
    assert fleet.redis.xlen(keys.inbox_dead("default")) == 0
    in_balance(fleet, *names)


def test_workers_see_to_it(fleet: Fleet, start_worker: StartWorker) -> None:
    [name] = fleet.install("klaviyo")
    bury(fleet, name, tracks(3))
    start_worker(name="all", FLEET_LETTER_DAYS="0")
    fleet.wait_row(name, dead=0)
    in_balance(fleet, name)


def test_an_inboxs_letter_is_replayed_once_it_is_valid(fleet: Fleet, start_worker: StartWorker) -> None:
    [name] = fleet.install("klaviyo")
    start_worker(name="all")
    event = track()
    for body in ("{not json", orjson.dumps({**event, "type": "treck"})):
        fleet.redis.xadd(keys.raw("default"), {"event": body})
    stream = keys.inbox_dead("default")
    wait_until(lambda: fleet.redis.xlen(stream) == 2, last=fleet.status)
    plan = replay()
    assert plan.total == 0
    assert [reason.partition(":")[0] for reason in plan.parts["inbox/default"].left] == ["still invalid"] * 2
    corrected = fleet.letters(stream)[1] | {"id": "inbox/default/1-0", "event": orjson.dumps(event).decode()}
    registry().refresh()
    importer = Importer("inbox/default", registry())
    assert [importer.put([DeadLetterSchema().load(corrected)]) for _ in range(2)] == [1, 0]
    in_balance(fleet, name)
    assert replay().total == 1
    fleet.wait_row(name, delivered=1)
    assert fleet.vendors.refs("klaviyo") == refs([event])
    assert fleet.redis.xlen(stream) == 2
    in_balance(fleet, name)
    entries = [(entry.decode(), "m") for entry, _ in fleet.redis.xrange(stream)]
    assert purge_letters("inbox/default", entries) == 2
    in_balance(fleet, name)
    status = fleet.status()
    assert status["received"] == status["routed"] + status["invalid"]
