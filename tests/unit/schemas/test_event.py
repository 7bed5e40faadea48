"""Rules of the event schema, one case each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
import pytest

from schemas.event import EventLimits, InvalidEvent, load_encoded, load_event

NOW = "2026-06-06T10:00:00.123Z"
EMPTY: dict[str, Any] = {"properties": {}, "traits": {}, "context": {}}


class Colour(StrEnum):
    RED = "red"


def page(**parts: Any) -> dict[str, Any]:
    return {"type": "page", "user_id": "u1", **parts}


def test_stamps_what_is_missing() -> None:
    event = load_event(page(), received_at=NOW)
    assert UUID(event.pop("message_id")).version == 4
    assert event == {**page(), **EMPTY, "received_at": NOW, "timestamp": NOW}


def test_received_at_is_now_unless_given() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    assert before <= datetime.fromisoformat(load_event(page())["received_at"]) <= datetime.now(UTC)


def test_encoded_is_the_event_as_json() -> None:
    for raw in (page(properties={"é": [1.5]}), page(userAgent=None, properties={"é": (1.5,)})):
        event, body = load_encoded(raw)
        assert orjson.loads(body) == event
        assert event["properties"] == {"é": [1.5]}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"user_id": None, "userId": 42}, {"user_id": "42"}),
        ({"userId": "u1"}, {"user_id": "u1"}),
        ({"user_id": None, "anonymousId": "a"}, {"user_id": None, "anonymous_id": "a"}),
        ({"messageId": "m1"}, {"message_id": "m1"}),
        ({"type": "group", "groupId": 7}, {"type": "group", "group_id": "7"}),
        ({"type": "alias", "previousId": "a"}, {"type": "alias", "previous_id": "a"}),
        ({"sentAt": "2026-06-06T12:00:00+02:00"}, {"sent_at": "2026-06-06T10:00:00Z"}),
        ({"name": "Home", "integrations": {"All": False}}, {"name": "Home", "integrations": {"All": False}}),
        ({"writeKey": "x", "version": 2, 3: 4, "channel": float("nan")}, {}),
        ({"properties": None, "name": None, "integrations": None, "timestamp": None}, {}),
        ({"properties": {"sizes": (1, 2), "colour": Colour.RED}}, {"properties": {"sizes": [1, 2], "colour": "red"}}),
        ({"context": {"userAgent": "x", "myThing": 1}}, {"context": {"user_agent": "x", "myThing": 1}}),
        ({"context": {"device": {"advertisingId": "x"}}}, {"context": {"device": {"advertising_id": "x"}}}),
        ({"context": {"traits": {"a": 1, "b": 1}}, "traits": {"b": 2}}, {"traits": {"a": 1, "b": 2}}),
        ({"context": {"traits": {"userAgent": 1}}}, {"traits": {"userAgent": 1}}),
        ({"context": {"traits": None, "consent": None}}, {}),
        ({"context": {"consent": {"ads": True, "x": None}}}, {"context": {"consent": {"ads": True}}}),
        (
            {"context": {"consent": {"categoryPreferences": {"ads": True, "userAgent": False}, "version": 3}}},
            {"context": {"consent": {"ads": True, "userAgent": False}}},
        ),
        (
            {"context": {"consent": {"category_preferences": {"ads": True}, "email": False}}},
            {"context": {"consent": {"ads": True, "email": False}}},
        ),
    ],
)
def test_normal_form(given: dict[Any, Any], kept: dict[str, Any]) -> None:
    stamps = {"message_id": "m", "received_at": NOW, "timestamp": NOW}
    expected = {**stamps, **EMPTY, **page(), **kept}
    raw = {"message_id": "m"} if "messageId" not in given else {}
    event = load_event({**raw, **page(**{str(k): v for k, v in given.items()}), **given}, received_at=NOW)
    assert event == {key: value for key, value in expected.items() if value is not None}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-06-06T10:00:00Z", "2026-06-06T10:00:00Z"),
        ("2026-06-06T10:00:00.000Z", "2026-06-06T10:00:00Z"),
        ("2026-06-06T10:00:00.5Z", "2026-06-06T10:00:00.500Z"),
        ("2026-06-06T10:00:00.123999Z", "2026-06-06T10:00:00.123Z"),
        ("2026-06-06T10:00:00.123456789Z", "2026-06-06T10:00:00.123Z"),
        ("2026-06-06T23:30:00-05:00", "2026-06-07T04:30:00Z"),
        ("2026-06-06T10:00:00+0530", "2026-06-06T04:30:00Z"),
        ("2026-06-06 10:00", "2026-06-06T10:00:00Z"),
        ("2026-06-06t10:00:00z", "2026-06-06T10:00:00Z"),
        ("20260606T100000Z", "2026-06-06T10:00:00Z"),
        ("2026-06-06", "2026-06-06T00:00:00Z"),
        (1717667891, "2024-06-06T09:58:11Z"),
        (1717667891.5, "2024-06-06T09:58:11.500Z"),
        (1717667891123, "2024-06-06T09:58:11.123Z"),
        (10**11 - 1, "5138-11-16T09:46:39Z"),
        (10**11, "1973-03-03T09:46:40Z"),
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (datetime(2026, 6, 6, 10, tzinfo=timezone(timedelta(hours=2))), "2026-06-06T08:00:00Z"),
        (datetime(2026, 6, 6, 10), "2026-06-06T10:00:00Z"),  # noqa: DTZ001 (a naive time is UTC)
    ],
)
def test_times(given: object, kept: str) -> None:
    assert load_event(page(timestamp=given))["timestamp"] == kept


NO_TIMES = """now|2026-W23-4T10:00:00Z|20260606|1612010112345|2026-02-30T10:00:00Z|2026-06-06T24:00:00Z|\
2026-06-06T10:00:60Z|0001-01-01T00:00:00+05:00|2026-06-06T10:00:00Z\n|२०२६-06-06|\ud800|"""
NO_EPOCHS = [True, 1e300, float("nan"), float("inf"), 1 - 10**11, 1717667891123456, [], {}]


@pytest.mark.parametrize("given", [*NO_TIMES.split("|"), *NO_EPOCHS])
def test_what_is_no_time(given: object) -> None:
    with pytest.raises(InvalidEvent, match=r"^timestamp: .*write ISO 8601 like .* epoch seconds or milliseconds$"):
        load_event(page(timestamp=given))


@pytest.mark.parametrize(
    ("raw", "faults"),
    [
        ([], ["event: must be a JSON object, not a list"]),
        ("x", ['event: must be a JSON object, not "x"']),
        (
            page(message_id="a\nb"),
            ['message_id: holds a line break or another control character: "a\\nb"; leave it out of the id'],
        ),
        ({}, ["user_id: is missing, and so is anonymous_id", "type: is missing; must be one of track, page, screen"]),
        (
            {"type": "Track", "user_id": "u"},
            ['type: must be one of track, page, screen, identify, group, alias, not "T'],
        ),
        ({"type": "track", "user_id": "u"}, ["event: is missing; an event of type track needs it"]),
        ({"type": "track", "user_id": "u", "event": " "}, ["event: is empty; give it a value or leave it out"]),
        ({"type": "track", "user_id": "u", "event": "x" * 256}, ["event: has 256 characters; at most 255"]),
        ({"type": "group", "user_id": "u"}, ["group_id: is missing; an event of type group needs it"]),
        (
            {"type": "alias", "anonymous_id": "u"},
            ["previous_id: is missing", "user_id: is missing; an event of type a"],
        ),
        (page(user_id=""), ["user_id: is empty"]),
        (page(user_id=True), ["user_id: must be a string or an integer, not true"]),
        (page(user_id=1.5), ["user_id: must be a string or an integer, not 1.5; write it in quotes"]),
        (page(user_id=[1]), ["user_id: must be a string, not a list"]),
        (page(anonymous_id="\ud83d"), ["anonymous_id: holds half of a surrogate pair"]),
        (page(userId="u2"), ["user_id: is given twice, as userId too, and differs; keep one"]),
        (page(properties=[1]), ["properties: must be an object like"]),
        (page(properties={"a": [{"b": float("nan")}]}), ["properties.a.0.b: is nan, which JSON does not know"]),
        (
            page(properties={"a": 2**64, "b": -(2**63) - 1}),
            ["properties.a: is an integer bey", "properties.b: is an int"],
        ),
        (page(properties={1: 2}), ["properties: has the key 1, which is no string"]),
        (page(traits={"\ud83d": 2}), ["traits.\\ud83d: holds half of a surrogate pair"]),
        (
            page(properties={"price": Decimal("7.20")}),
            ["properties.price: is a Decimal, which JSON does not know; give"],
        ),
        (page(context={"traits": 3}), ["context.traits: must be an object like"]),
        (page(context={"consent": "yes"}), ['context.consent: must be an object like {"marketing": true}, not "yes"']),
        (page(context={"consent": {"ads": "yes"}}), ['context.consent.ads: must be true or false, not "yes"']),
        (
            page(context={"consent": {"categoryPreferences": {"ads": True}, "ads": False}}),
            ["context.consent.ads: is both granted and denied; keep one"],
        ),
        (
            page(timestamp="x", properties={"a": 10**30, "b": "y" * 40_000}, context={"device": 10**30}),
            ["timestamp: ", "properties.a: ", "context.device: ", "event: is 40,1"],
        ),
    ],
)
def test_every_fault_is_named_at_once(raw: object, faults: list[str]) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        load_event(raw, received_at=NOW)
    assert [fault[: len(start)] for fault, start in zip(refusal.value.faults, faults, strict=True)] == faults
    assert str(refusal.value) == "; ".join(refusal.value.faults)


@pytest.mark.parametrize("text", ["x", "(1,)"], ids=["quick", "explained"])
def test_size_is_of_the_normal_form_to_the_byte(text: str) -> None:
    raw = page(message_id="m", properties={"text": ""}, **({} if text == "x" else {"writeKey": "ignored"}))
    room = 32_768 - len(load_encoded(raw, received_at="2026-06-06T10:00:00Z")[1])
    raw["properties"]["text"] = "y" * room
    assert len(load_encoded(raw, received_at="2026-06-06T10:00:00Z")[1]) == 32_768
    raw["properties"]["text"] += "y"
    with pytest.raises(InvalidEvent, match=r"^event: is 32,769 bytes of JSON and at most 32,768 .* shorten properties"):
        load_event(raw, received_at="2026-06-06T10:00:00Z")


def test_limits_may_be_others() -> None:
    nested = page(properties={"a": {"b": {}}})
    assert load_event(nested, limits=EventLimits(max_depth=4))
    with pytest.raises(InvalidEvent, match=r"^properties\.a\.b: is nested more than 3 levels deep"):
        load_event(nested, limits=EventLimits(max_depth=3))
    with pytest.raises(InvalidEvent, match="at most 100 are kept"):
        load_event(nested, limits=EventLimits(max_bytes=100))
