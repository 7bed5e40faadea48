"""The road: what is enqueued, whichever way, arrives at every vendor it is meant for, and the books balance."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest

import workers
from tests.engine.events import GRANTED, Event, refs, track
from tests.engine.fleet import VENDORS, Fleet
from workers import keys
from workers.incoming import RAW_MESSAGES
from workers.local.shop import shop_events

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("worker")]

OTHERS: list[Event] = [
    {"type": "screen", "name": "Home", "anonymous_id": "a1"},
    {"type": "group", "group_id": "g1", "user_id": "u1", "traits": {"plan": "gold"}},
    {"type": "alias", "previous_id": "a1", "user_id": "u1"},
]


def raw(fleet: Fleet, event: object, **fields: str) -> str:
    """Add an event as any Redis client may: one XADD; its id."""
    body = event if isinstance(event, str) else orjson.dumps(event)
    added: bytes = fleet.redis.xadd(keys.raw("default"), {"event": body, **fields})
    return added.decode()


def test_a_shops_traffic_reaches_all_vendors_and_every_ledger_balances(fleet: Fleet) -> None:
    names = fleet.install(*VENDORS)
    events = [*shop_events(400), *OTHERS]
    for start in range(0, len(events), 90):
        workers.enqueue(events[start : start + 90])
    status = fleet.wait_done(30)
    repeated = len(events) - len({event.get("message_id", id(event)) for event in events})
    assert {event["type"] for event in events} == {"track", "page", "screen", "identify", "group", "alias"}
    assert status["received"] == len(events)
    assert (status["routed"], status["duplicate"]) == (len(events) - repeated, repeated)
    assert repeated > 0
    for vendor, name in zip(VENDORS, names, strict=True):
        row, books = status["integrations"][name], fleet.vendors.summary(vendor)
        assert row["accepted"] + sum(row["filtered"].values()) == len(events), row
        assert row["delivered"] == row["accepted"] > 40, row
        assert row["delivered"] == books["accepted"] + books["deduplicated"], books
        assert not books["discarded"], books
        assert not books["refused"]["total"], books


def test_each_vendor_gets_the_events_its_table_names_and_no_others(fleet: Fleet) -> None:
    names = fleet.install(*VENDORS)
    person: dict[str, Any] = {"user_id": "u1", "anonymous_id": "a1", "traits": {"email": "ada@example.com"}}
    mapped = [track("Order Completed", **person), {**track(**person), "type": "page", "name": "Home"}]
    unmapped = [
        track("order_completed", **person),
        *({**track(**person), "type": kind} for kind in ("screen", "identify", "group", "alias")),
    ]
    for event in unmapped:
        event.update({"group_id": "g1", "previous_id": "a0"})
    workers.enqueue(mapped + unmapped)
    status = fleet.wait_done()
    for vendor, name in zip(VENDORS, names, strict=True):
        assert fleet.vendors.refs(vendor) == refs(mapped)
        assert status["integrations"][name]["filtered"] == {"unmapped": len(unmapped)}
        assert fleet.redis.hget(keys.unmapped(name), "order_completed") == b"1"


def test_the_shorthands_return_message_ids_that_arrive(fleet: Fleet) -> None:
    fleet.install("klaviyo")
    sent = [
        workers.track("Order Completed", {"revenue": 9.5}, user_id="u1"),
        workers.page("Home", {"url": "https://shop.example"}, user_id="u1"),
    ]
    workers.identify("u2", {"email": "ada@example.com"})
    later = workers.track("Product Viewed", user_id="u2")
    fleet.wait_done()
    arrived = {item["attributes"]["unique_id"]: item["attributes"] for item in fleet.vendors.items("klaviyo")}
    assert set(arrived) == {*sent, later}
    assert arrived[sent[0]]["value"] == 9.5
    assert arrived[later]["profile"]["data"]["attributes"]["email"] == "ada@example.com"


def test_one_xadd_is_enough_in_either_spelling_with_or_without_a_message_id(fleet: Fleet) -> None:
    fleet.install("klaviyo")
    snake, camel = track(message_id="m-1"), track(messageId="m-2", context=GRANTED)
    camel["userId"] = camel.pop("user_id")
    nameless = track()
    raw(fleet, snake)
    raw(fleet, camel, trace="other fields are ignored")
    identifier = raw(fleet, nameless)
    raw(fleet, snake)
    status = fleet.wait_done()
    arrived = {item["attributes"]["unique_id"]: item for item in fleet.vendors.items("klaviyo")}
    assert set(arrived) == {"m-1", "m-2", str(uuid.uuid5(RAW_MESSAGES, identifier))}
    assert arrived["m-2"]["attributes"]["properties"]["marketing_consent"] == "granted"
    assert (status["received"], status["routed"], status["duplicate"]) == (4, 3, 1)


def test_what_came_raw_and_is_no_event_is_a_dead_letter_of_the_inbox_with_every_fault(fleet: Fleet) -> None:
    name = fleet.install("statsig")[0]
    good = track()
    raw(fleet, {"type": "tracked", "timestamp": "yesterday", "properties": []})
    raw(fleet, "{no json")
    fleet.redis.xadd(keys.raw("default"), {"evnt": "misspelt"})
    raw(fleet, good)
    status = fleet.wait_done()
    assert (status["received"], status["invalid"], status["routed"]) == (4, 3, 1)
    assert status["integrations"][name]["delivered"] == 1
    assert fleet.vendors.refs("statsig") == refs([good])
    letters = {letter["event"]: letter for letter in fleet.letters(keys.inbox_dead("default"))}
    assert len(letters) == 3
    assert {letter["kind"] for letter in letters.values()} == {"invalid"}
    reason = next(letter["reason"] for body, letter in letters.items() if "tracked" in body)
    assert all(fault in reason for fault in ("type: ", "timestamp: ", "properties: ", "user_id")), reason
    assert "not JSON" in letters["{no json"]["reason"]
    assert any("misspelt" in body for body in letters)


def test_pipelines_are_apart(fleet: Fleet) -> None:
    first = fleet.add({fleet.name("statsig"): fleet.spec("statsig")}, "shop")
    second = fleet.add({fleet.name("launchdarkly"): fleet.spec("launchdarkly")}, "blog")
    here, there = track(message_id="same"), track(message_id="same")
    workers.enqueue(here, "shop")
    workers.enqueue([there], "blog")
    status = fleet.wait_done()
    assert fleet.vendors.refs("statsig") == refs([here])
    assert fleet.vendors.refs("launchdarkly") == refs([there])
    assert [status["integrations"][name]["delivered"] for name in first + second] == [1, 1]
    assert status["duplicate"] == 0
