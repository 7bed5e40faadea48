from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import InvalidEvent, load_event
from workers.dead_letters import inbox_letter
from workers.drain import raw_body, raw_lane
from workers.incoming import Entry, arrival, read
from workers.producer import lane_of
from workers.repeats import KEEP_MS, STRETCH_MS, digest, mark_sets

ADDED = b"1780740000123-0"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def raw_entry(body: bytes) -> Entry:
    return read((b"1780740009999-3", [b"event", body, b"raw", ADDED]))


def test_an_enqueued_event_is_taken_as_it_is() -> None:
    event = load_event({"type": "track", "event": "E", "user_id": "u1"})
    body = orjson.dumps(event)
    entry = read((b"1780740009999-3", [b"event", body]))
    assert (entry.id, entry.event, entry.fault, entry.normal) == (b"1780740009999-3", event, None, body)
    assert (entry.digest, entry.came_ms) == (digest(event["message_id"]), 1780740009999)


def test_a_raw_event_is_received_when_it_was_added_and_named_by_its_id() -> None:
    body = orjson.dumps({"type": "track", "event": "E", "userId": 7})
    entry, again = raw_entry(body), raw_entry(body)
    assert entry.event is not None
    assert again.event is not None
    assert (entry.event["received_at"], entry.event["user_id"]) == ("2026-06-06T10:00:00.123Z", "7")
    assert (entry.normal, entry.came_ms) == (None, 1780740000123)
    assert entry.event["message_id"] == again.event["message_id"]
    other = read((b"1-1", [b"event", body, b"raw", b"1780740000123-1"]))
    assert other.event is not None
    assert other.event["message_id"] != entry.event["message_id"]


@pytest.mark.parametrize("key", ["message_id", "messageId"])
def test_a_raw_event_keeps_its_own_message_id(key: str) -> None:
    entry = raw_entry(orjson.dumps({"type": "page", "user_id": "u1", key: "mine"}))
    assert entry.event is not None
    assert entry.event["message_id"] == "mine"


@given(JSON.map(orjson.dumps) | st.binary(max_size=20))
def test_whatever_comes_in_is_an_event_or_a_dead_letter(body: bytes) -> None:
    entry = raw_entry(body)
    assert (entry.event is None) == isinstance(entry.fault, InvalidEvent)
    assert 0 <= raw_lane(body, 16) < 16
    if entry.fault:
        letter = orjson.loads(inbox_letter("default", body, entry.fault, entry.received_at))
        assert letter["first_at"] == arrival(ADDED.decode()) == "2026-06-06T10:00:00.123Z"
        assert letter["reason"] == str(entry.fault) != ""


@given(
    st.fixed_dictionaries(
        {},
        optional={
            key: st.text(min_size=1, max_size=6) | st.integers(1, 99)
            for key in ("user_id", "userId", "anonymous_id", "anonymousId")
        },
    )
)
def test_a_raw_event_takes_the_lane_it_would_have_been_enqueued_in(ids: dict[str, Any]) -> None:
    raw = {"type": "page", **ids}
    try:
        event = load_event(raw)
    except InvalidEvent:
        return
    assert raw_lane(orjson.dumps(raw), 16) == lane_of(event, 16)


def test_a_raw_entry_without_an_event_shows_all_its_fields() -> None:
    assert raw_body({b"event": b"{}", b"x": b"y"}) == b"{}"
    assert orjson.loads(raw_body({b"evnt": b"{}", b"\xff": b"\xfe"})) == {"evnt": "{}", "�": "�"}


@given(st.integers(10**12, 2 * 10**12), st.integers(0, 24 * 3_600_000))
def test_a_mark_is_looked_at_for_24_hours_and_no_set_outlives_its_use(now: int, later: int) -> None:
    written = mark_sets("default", now)[0]
    assert written in mark_sets("default", now + later)
    assert written not in mark_sets("default", now + KEEP_MS + STRETCH_MS)
    assert written not in mark_sets("other", now)


@given(st.lists(st.text(), unique=True, max_size=20))
def test_digests_differ_and_are_short(ids: list[str]) -> None:
    digests = {digest(each) for each in ids}
    assert len(digests) == len(ids)
    assert all(len(each) == 16 for each in digests)
