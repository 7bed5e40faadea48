"""What holds for every event, however odd."""

from __future__ import annotations

import copy
import math
from typing import Any

import orjson
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from schemas import quick
from schemas.event import EventLimits, InvalidEvent, load_event
from schemas.event_schema import examine
from schemas.moment import is_written
from schemas.vocabulary import KEYS
from tests.unit.schemas.strategies import deep, from_segment, hostile, likely, nearly_normal

LIMITS = EventLimits()
CYCLE: dict[str, Any] = {"type": "track", "user_id": "u", "event": "e"}
CYCLE["properties"] = {"self": CYCLE, "again": [CYCLE, CYCLE]}


@given(hostile | likely | nearly_normal | from_segment)
@example(CYCLE)
@example({"type": ["track"], "user_id": {}, "context": {"consent": [True], "traits": []}})
def test_an_event_is_loaded_to_json_or_refused_with_faults(raw: Any) -> None:
    try:
        event = load_event(raw)
    except InvalidEvent as refusal:
        assert refusal.faults
        assert all(": " in fault for fault in refusal.faults)
        str(refusal).encode()
    else:
        assert orjson.loads(orjson.dumps(event)) == event
        assert event.keys() <= KEYS
        assert None not in event.values()
        assert "traits" not in event["context"]


def test_lists_shared_a_million_times_are_refused_soon() -> None:
    shared: list[Any] = []
    for _ in range(5):
        shared = [shared] * 200
    with pytest.raises(InvalidEvent, match="beyond 32,768 values") as refusal:
        load_event({"type": "page", "user_id": "u", "properties": {"shared": shared}})
    assert refusal.value.faults[-1].endswith("more faults")


def test_integers_too_long_to_print_are_faults() -> None:
    huge = 10**5000
    with pytest.raises(InvalidEvent) as refusal:
        load_event({"type": "page", "userId": huge, "timestamp": huge, "properties": {"n": huge}})
    assert [fault.split(":")[0] for fault in refusal.value.faults] == ["user_id", "timestamp", "properties.n"]


@given(likely | nearly_normal | from_segment)
def test_normalising_twice_is_normalising_once(raw: Any) -> None:
    event = _loaded(raw)
    assert load_event(event) == event


@given(likely | nearly_normal | from_segment)
def test_what_the_caller_gave_is_never_changed(raw: Any) -> None:
    before = copy.deepcopy(raw)
    _loaded(raw)
    assert repr(raw) == repr(before)


@settings(max_examples=300)
@given(nearly_normal | likely | from_segment | from_segment)
@example({"type": "page", "user_id": "u", "properties": {"deep": deep(8)}})
@example({"type": "page", "user_id": "u", "properties": {"deep": deep(9)}})
@example({"type": "page", "user_id": "u", "context": {"consent": {"categoryPreferences": True}}})
@example({"type": "page", "user_id": "u", "properties": {"n": math.inf}})
@example({"type": "page", "user_id": "\t"})
@example({"type": "page", "user_id": "u", "context": {"device": {"advertisingId": "x"}}})
@example({"type": "page", "userId": "u", "context": {"device": {"advertisingId": "x", "advertising_id": "y"}}})
@example({"type": "page", "userId": "u", "context": {"traits": {"deep": deep(7)}}})
@example({"type": "page", "userId": "u", "context": {"traits": []}})
@example({"type": "page", "userId": "u", "context": {"userAgent": None, "user_agent": "x"}})
@example({"type": "page", "userId": "u", "context": {"traits": {"a": {"b": {}}}}})
@example({"type": "page", "userId": "u", "context": {"traits": {"a": "\ud83d"}}, "traits": {"a": 1}})
@example({"type": "page", "userId": "u", "context": {"traits": {"a": math.inf}}, "traits": {"a": 1}})
@example({"type": "page", "userId": "u", "context": {"traits": {"a": [0] * 40_000}}, "traits": {"a": 1}})
@example({"type": "page", "userId": -(10**18) - 1})
def test_what_is_accepted_quickly_marshmallow_loads_to_the_same(raw: Any) -> None:
    accepted = quick.accept(raw, LIMITS)
    assume(accepted is not None)
    assert accepted is not None
    event, faults = examine(raw, LIMITS)
    try:
        encoded = orjson.dumps(accepted, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        assert faults
    else:
        assert not faults
        assert orjson.dumps(event, option=orjson.OPT_SORT_KEYS) == encoded


@pytest.mark.parametrize(
    "found",
    [
        {"userId": 4711, "channel": "server", "messageId": None},
        {"userId": -5, "timestamp": "2026-06-06T12:00:00.123456+02:00", "sentAt": 1717667891},
        {
            "anonymousId": "a",
            "context": {"userAgent": "x", "device": {"advertisingId": "x"}, "traits": {"plan": "gold"}},
        },
        {"userId": "u", "context": {"consent": {"categoryPreferences": {"marketing": True}}}},
        {"userId": "u", "context": {"consent": None, "traits": None}},
        {
            "userId": "u",
            "context": {"traits": {"address": {"city": "Paris"}, "tags": ["a", 1], "plan": "old"}},
            "traits": {"plan": "gold"},
        },
    ],
)
def test_what_segments_libraries_send_is_accepted_quickly(found: dict[str, Any]) -> None:
    raw = {"type": "page", **found}
    assert quick.accept(raw, LIMITS) == examine(raw, LIMITS)[0]


@given(st.text(st.sampled_from("0123456789-:.TZW+ "), min_size=0, max_size=5))
def test_a_time_accepted_quickly_is_one_written_by_us(piece: str) -> None:
    for text in (f"2026-06-06T10:00:00{piece}", f"2026-06-{piece}T10:00:00Z", f"2026-06-06T{piece}:00:00.123Z"):
        raw = {"type": "page", "user_id": "u", "timestamp": text}
        accepted = quick.accept(raw, LIMITS)
        if accepted is not None and is_written(text):
            assert accepted["timestamp"] == text
        if accepted is not None:
            assert examine(raw, LIMITS)[0]["timestamp"] == accepted["timestamp"]


def _loaded(raw: Any) -> dict[str, Any]:
    try:
        return load_event(raw)
    except InvalidEvent:
        assume(False)
        pytest.fail("unreachable")
