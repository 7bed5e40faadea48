"""Every verdict ends in the right place: delivered, waiting, held, or a dead letter that says why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import workers
from tests.engine.conftest import THREADS
from tests.engine.events import refs, track, tracks
from tests.engine.fleet import CONFIGS, VENDORS, Fleet
from tests.engine.waiting import holds_for, wait_until
from workers import holds, keys
from workers.groups import Group, unpack
from workers.local.processes import free_port
from workers.producer import lane_of

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("worker")]

LANE = lane_of({"user_id": "u1"}, 16)
HTML = {"body": "<html><h1>Bad Gateway</h1></html>", "content_type": "text/html"}


SIDE = f"{LANE}{keys.ASIDE}"


def state(fleet: Fleet, name: str) -> dict[bytes, bytes]:
    """What is known of the lane of person u1, and of its side lane."""
    lane, side = (fleet.redis.hgetall(keys.state(name, member)) for member in (str(LANE), SIDE))
    return {**lane, **side}


def groups(fleet: Fleet, name: str) -> dict[str, Group]:
    """The groups in the side lane of person u1."""
    return {key.decode(): unpack(text) for key, text in fleet.redis.hgetall(keys.groups(name, SIDE)).items()}


def wait_tried(fleet: Fleet, name: str, times: int = 1) -> None:
    """Wait until events of u1 stand aside after so many tries in vain, and nobody works their lanes."""

    def tried() -> bool:
        tries = [group.tries for group in groups(fleet, name).values()]
        return b"owner" not in state(fleet, name) and max(tries, default=0) == times

    wait_until(tried, last=lambda: (state(fleet, name), groups(fleet, name), fleet.status()))


@THREADS
@pytest.mark.parametrize(
    ("vendor", "told", "least_ms", "most_ms"),
    [
        ("klaviyo", {"retry_after": 1}, 1_000, 1_000),
        ("launchdarkly", {"retry_after": 1_000_000}, 3_600_000, 3_600_000),
        ("kustomer", {"retry_after": 2}, 1_000, 3_000),
        ("statsig", {}, 5_000, 10_000),
    ],
    ids=["Retry-After", "capped at an hour", "epoch in x-ratelimit-reset", "not told: ladder with jitter"],
)
def test_throttled_holds_for_as_long_as_told_and_counts_no_try(
    fleet: Fleet, vendor: str, told: dict[str, Any], least_ms: int, most_ms: int
) -> None:
    name = fleet.install(vendor)[0]
    fleet.vendors.fault(vendor, status=429, times=1, **told)
    events = tracks(5, persons=1)
    workers.enqueue(events)
    fleet.wait_held(name, "throttled")
    hold = {field: int(fleet.redis.hget(keys.hold(name), field)) for field in ("since", "until", "times")}
    assert least_ms <= hold["until"] - hold["since"] <= most_ms
    assert hold["times"] == 1
    assert not groups(fleet, name)
    if most_ms > 3_000:
        holds.free(name, "throttled")
    fleet.wait_row(name, delivered=5, waiting=0, held=None)
    assert fleet.vendors.refs(vendor) == refs(events)
    if most_ms <= 3_000:
        assert fleet.vendors.kept(vendor)[0]["at"] * 1000 >= hold["until"] - 1
    assert not fleet.redis.exists(keys.hold(name))


FAILURES = {
    "500": {"status": 500},
    "503 in HTML": {"status": 503, **HTML},
    "408": {"status": 408},
    "reset": {"reset": True},
    "reset after writing": {"accept_then_reset": True},
    "no answer in time": {"latency_ms": 2_000.0},
    "200 in HTML": {"status": 200, **HTML},
    "success: false": {"status": 202, "body": {"success": False, "message": "try later"}},
    "an answer it never gives": {"status": 207},
}


@THREADS
@pytest.mark.parametrize("fault", FAILURES.values(), ids=FAILURES)
def test_transient_lets_the_events_wait_aside_for_five_seconds(fleet: Fleet, fault: dict[str, Any]) -> None:
    name = fleet.install("statsig", timeout={"connect": 0.3, "total": 0.5})[0]
    fleet.vendors.fault("statsig", **fault)
    events = tracks(3, persons=1)
    before = fleet.now_ms()
    workers.enqueue(events)
    wait_tried(fleet, name)
    due = fleet.lanes(name)[SIDE]
    assert before + 5_000 <= due <= fleet.now_ms() + 5_000
    row = fleet.row(name)
    assert (row["waiting"] + row["aside"], row["delivered"], row["dead"], row["held"]) == (3, 0, 0, None)
    fleet.vendors.fault("statsig")
    already = fleet.vendors.refs("statsig")
    holds.free(name)
    fleet.wait_row(name, delivered=3, waiting=0, aside=0)
    assert fleet.vendors.refs("statsig") == already + refs(events)
    wait_until(lambda: not state(fleet, name), last=lambda: state(fleet, name))


@THREADS
def test_events_that_wait_are_tried_again_by_themselves(fleet: Fleet) -> None:
    name = fleet.install("launchdarkly")[0]
    fleet.vendors.fault("launchdarkly", status=500, times=1)
    before = fleet.now_ms()
    workers.enqueue(tracks(3, persons=1))
    wait_tried(fleet, name)
    fleet.wait_row(name, 30, delivered=3, aside=0)
    assert fleet.now_ms() - before >= 5_000


@THREADS
def test_connection_refused_is_transient_until_the_address_is_corrected(fleet: Fleet) -> None:
    name = fleet.install("statsig", base_url=f"http://127.0.0.1:{free_port()}/statsig")[0]
    workers.enqueue(tracks(3, persons=1))
    wait_tried(fleet, name)
    sample = fleet.redis.xrevrange(keys.samples(name), count=1)[0][1][b"sample"]
    assert b"could not connect" in sample
    assert fleet.row(name)["held"] is None
    fleet.install("statsig")
    fleet.wait_row(name, delivered=3, waiting=0)


@pytest.mark.parametrize("vendor", ["klaviyo", "launchdarkly"])
def test_the_last_try_in_vain_makes_a_dead_letter_exhausted(fleet: Fleet, vendor: str) -> None:
    name = fleet.install(vendor)[0]
    fleet.vendors.fault(vendor, status=500)
    event, other = track(), track(user="u2")
    workers.enqueue([event])
    wait_tried(fleet, name)
    ((key, group),) = groups(fleet, name).items()
    fleet.redis.hset(keys.groups(name, SIDE), key, replace(group, tries=10).packed())
    holds.free(name)
    fleet.wait_row(name, dead=1, aside=0)
    (letter,) = fleet.letters(keys.dead(name))
    assert (letter["kind"], letter["attempts"]) == ("exhausted", 11)
    assert letter["answer"]["status"] == 500
    assert letter["event"]["properties"]["ref"] == refs([event])[0] in letter["request"]["body"]
    assert "500" in letter["reason"]
    assert letter["first_at"] < letter["last_at"]
    wait_until(lambda: not state(fleet, name), last=lambda: state(fleet, name))
    fleet.vendors.fault(vendor)
    workers.enqueue([other])
    fleet.wait_row(name, dead=1, delivered=1)


@pytest.mark.parametrize(
    ("vendor", "secret", "status"),
    [
        ("klaviyo", "private_api_key", 401),
        ("kustomer", "api_key", 403),
        ("statsig", "server_secret_key", 401),
        ("launchdarkly", "access_token", 403),
    ],
)
def test_a_refused_credential_holds_and_its_correction_delivers(
    fleet: Fleet, vendor: str, secret: str, status: int
) -> None:
    right = CONFIGS[vendor][secret]
    fleet.vendors.accept_only(vendor, right, status=status)
    name = fleet.install(vendor, config={secret: right[:-1] + "X"})[0]
    events = tracks(6, persons=1)
    workers.enqueue(events[:3])
    held = fleet.wait_held(name, "setup")
    assert str(status) in held["reason"]
    assert fleet.redis.hget(keys.hold(name), "hint")
    workers.enqueue(events[3:])
    fleet.wait_row(name, waiting=6, delivered=0, dead=0)
    asked = fleet.vendors.summary(vendor)["requests"]
    holds_for(lambda: fleet.vendors.summary(vendor)["requests"] == asked, 0.5, fleet.status)
    fleet.install(vendor)
    fleet.wait_row(name, 5, waiting=0, delivered=6, held=None)
    assert fleet.vendors.refs(vendor) == refs(events)


@pytest.mark.parametrize("vendor", ["statsig", "launchdarkly"])
@pytest.mark.parametrize("place", [0, 17, 39])
def test_one_bad_event_of_a_batch_is_a_dead_letter_and_the_others_arrive_in_order(
    fleet: Fleet, vendor: str, place: int
) -> None:
    name = fleet.install(vendor)[0]
    holds.halt(name, "operator", "until all are there", "")
    events = tracks(40, persons=1)
    poison = refs(events)[place]
    fleet.vendors.fault(vendor, status=400, match=f'"{poison}"')
    workers.enqueue(events)
    fleet.wait_row(name, waiting=40)
    holds.free(name, "operator")
    fleet.wait_row(name, waiting=0, delivered=39, dead=1)
    assert fleet.vendors.refs(vendor) == [ref for ref in refs(events) if ref != poison]
    assert fleet.vendors.summary(vendor)["requests"] <= 13
    (letter,) = fleet.letters(keys.dead(name))
    assert (letter["kind"], letter["attempts"], letter["answer"]["status"]) == ("refused", 1, 400)
    assert letter["event"]["properties"]["ref"] == poison in letter["request"]["body"]
    assert letter["request"]["body"].count('"ref"') == 1
    assert "Injected fault" in letter["reason"]
    assert letter["hint"] or vendor == "statsig"


@THREADS
def test_events_the_vendor_names_as_bad_are_sorted_out_at_once(fleet: Fleet) -> None:
    name = fleet.install("klaviyo", config={"bulk": True})[0]
    holds.halt(name, "operator", "until all are there", "")
    events = tracks(30, persons=1)
    poison = refs(events)[11]
    pointer = "/data/attributes/events-bulk-create/data/0/attributes/events/data/11/attributes/time"
    told = {"errors": [{"detail": "Too old.", "source": {"pointer": pointer}}]}
    fleet.vendors.fault("klaviyo", status=400, match=f'"{poison}"', body=told)
    workers.enqueue(events)
    fleet.wait_row(name, waiting=30)
    holds.free(name, "operator")
    fleet.wait_row(name, waiting=0, delivered=29, dead=1)
    assert fleet.vendors.summary("klaviyo")["requests"] == 3
    (letter,) = fleet.letters(keys.dead(name))
    assert letter["event"]["properties"]["ref"] == poison
    assert "Too old." in letter["reason"]


def test_a_refused_event_at_a_vendor_without_batches_stops_nobody(fleet: Fleet) -> None:
    name = fleet.install("klaviyo")[0]
    events = tracks(6, persons=1)
    fleet.vendors.fault("klaviyo", status=400, match=f'"{refs(events)[2]}"')
    workers.enqueue(events)
    fleet.wait_row(name, waiting=0, delivered=5, dead=1)
    (letter,) = fleet.letters(keys.dead(name))
    assert letter["kind"] == "refused"
    assert "email, phone_number or external_id" in letter["hint"]
    assert [ref for ref in refs(events) if ref not in fleet.vendors.refs("klaviyo")] == refs(events)[2:3]


@THREADS
def test_what_the_vendor_would_discard_is_a_dead_letter_before_anything_is_sent(fleet: Fleet) -> None:
    name = fleet.install("kissmetrics")[0]
    bad, good = track(properties={"note": "x" * 600}), track()
    workers.enqueue([bad, good])
    fleet.wait_row(name, waiting=0, delivered=1, dead=1)
    assert fleet.vendors.summary("kissmetrics")["requests"] == 1
    (letter,) = fleet.letters(keys.dead(name))
    assert (letter["kind"], letter["attempts"]) == ("invalid", 0)
    assert (letter["request"], letter["answer"]) == (None, None)
    assert "Note: 600 characters" in letter["reason"]
    assert letter["event"]["properties"]["ref"] == refs([bad])[0]


def test_an_event_of_several_requests_is_delivered_once_all_were_taken(fleet: Fleet) -> None:
    name = fleet.install("kissmetrics", config={"alias_on_identify": True, "set_traits_on_identify": True})[0]
    fleet.vendors.fault("kissmetrics", status=500, match="Plan=")
    workers.enqueue([{"type": "identify", "user_id": "u1", "anonymous_id": "a1", "traits": {"plan": "gold"}}])
    wait_until(lambda: fleet.vendors.summary("kissmetrics")["faulted"] == 1, last=fleet.status)
    fleet.wait_row(name, delivered=0, aside=1)
    fleet.vendors.fault("kissmetrics")
    wait_until(lambda: not fleet.row(name)["in_flight"], last=fleet.status)
    holds.free(name)
    fleet.wait_row(name, delivered=1, waiting=0)
    books = fleet.vendors.summary("kissmetrics")
    assert (books["accepted"], books["deduplicated"]) == (2, 1)


SECRETS = {
    "kissmetrics": "api_key",
    "kustomer": "api_key",
    "klaviyo": "private_api_key",
    "statsig": "server_secret_key",
    "launchdarkly": "access_token",
}


@THREADS
@pytest.mark.parametrize("status", [500, 400, 401, 429])
def test_no_secret_is_left_in_redis_whatever_the_vendors_answer(fleet: Fleet, status: int) -> None:
    names = fleet.install(*VENDORS)
    for vendor, key in SECRETS.items():
        fleet.vendors.fault(vendor, status=status, body=f"you sent {CONFIGS[vendor][key]}", retry_after=900)
    workers.enqueue([track(traits={"email": "ada@example.com"})])
    for name in names:
        wait_until(lambda name=name: fleet.redis.xlen(keys.samples(name)), last=fleet.status)  # type: ignore[misc]
    wait_until(lambda: not any(fleet.row(name)["in_flight"] for name in names), last=fleet.status)
    stored = fleet.everything()
    assert stored.count("you sent ***") >= len(names)
    assert [vendor for vendor, key in SECRETS.items() if CONFIGS[vendor][key] in stored] == []
