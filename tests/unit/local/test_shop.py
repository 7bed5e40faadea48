from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from schemas.event import load_event
from workers.local.shop import shop_events

UNTIL = datetime(2026, 6, 6, 12, tzinfo=UTC)
MAPPED = {
    "Signed Up",
    "Logged In",
    "Products Searched",
    "Product Viewed",
    "Product Added",
    "Checkout Started",
    "Order Completed",
    "Order Refunded",
}


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return list(shop_events(20_000, until=UNTIL))


def originals(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({event["message_id"]: event for event in events}.values())


def without_ids(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in event.items() if key not in {"message_id", "timestamp"}} for event in events]


def test_the_same_seed_gives_the_same_events() -> None:
    first = list(shop_events(500, seed=7, until=UNTIL))
    assert first == list(shop_events(500, seed=7, until=UNTIL))
    assert first != list(shop_events(500, seed=8, until=UNTIL))


def test_a_later_run_is_the_same_traffic_and_no_repetition() -> None:
    first = list(shop_events(500, until=UNTIL))
    later = list(shop_events(500, until=UNTIL + timedelta(hours=1)))
    assert without_ids(first) == without_ids(later)
    assert not {event["message_id"] for event in first} & {event["message_id"] for event in later}


@pytest.mark.parametrize("count", [0, 1, 1_000])
def test_as_many_as_asked_for(count: int) -> None:
    assert len(list(shop_events(count))) == count


def test_every_event_is_accepted_as_it_is(events: list[dict[str, Any]]) -> None:
    for event in events:
        loaded = load_event(json.loads(json.dumps(event)))
        assert loaded["message_id"] == event["message_id"]
        assert loaded["timestamp"] == event["timestamp"].replace(".000Z", "Z")


def test_a_thousand_events_show_everything_a_demo_has_to_show() -> None:
    events = list(shop_events(1_000))
    names = Counter(event.get("event", event["type"]) for event in events)
    assert set(names) > MAPPED | {"page", "identify"}
    assert names["Order Completed"] >= 10
    assert set(names) - MAPPED - {"page", "identify"}, "some events nobody maps"
    consents = [event["context"].get("consent") for event in events]
    assert {consent["marketing"] for consent in consents if consent} == {True, False}
    assert None in consents
    assert {"user_id" in event for event in events} == {True, False}


def test_each_visitor_is_in_order_and_within_the_hours(events: list[dict[str, Any]]) -> None:
    by_visitor: dict[str, list[str]] = defaultdict(list)
    for event in originals(events):
        by_visitor[event["anonymous_id"]].append(event["timestamp"])
    assert all(earlier < later for times in by_visitor.values() for earlier, later in pairwise(times))
    times = [event["timestamp"] for event in originals(events)]
    assert times[0] == "2026-06-06T06:00:00.000Z"
    assert "2026-06-06T11:50" < times[-1] < "2026-06-06T12:00:00.000Z"


def test_times_go_past_midnight() -> None:
    times = [event["timestamp"] for event in shop_events(50, until=datetime(2026, 3, 1, 0, 30, tzinfo=UTC), hours=1)]
    assert times[0] == "2026-02-28T23:30:00.000Z"
    assert any(time.startswith("2026-03-01T00:") for time in times)


def test_one_in_a_hundred_is_sent_again_unchanged(events: list[dict[str, Any]]) -> None:
    known = {event["message_id"]: event for event in reversed(events)}
    assert all(event == known[event["message_id"]] for event in events)
    assert 0.005 < (len(events) - len(known)) / len(events) < 0.02


def test_people_are_made_of_reserved_ranges(events: list[dict[str, Any]]) -> None:
    traits = [event["traits"] for event in events if event["type"] == "identify"]
    assert all(trait["email"].isascii() and trait["email"].endswith("@example.com") for trait in traits)
    assert all(trait["phone"].startswith(("+447700900", "+336399", "+1")) for trait in traits)
    assert all("55501" in trait["phone"] for trait in traits if trait["phone"].startswith("+1"))
    pages = [event for event in events if event["type"] == "page"]
    assert all(event["context"]["ip"].startswith("203.0.113.") for event in pages)
