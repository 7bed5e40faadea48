"""``workers.testing``: what the tests of another service rely on."""

from __future__ import annotations

import pytest

import workers
from workers.producer import Producer
from workers.testing import captured

NOWHERE = "redis://127.0.0.1:1/0"


def page(**fields: object) -> dict[str, object]:
    return {"type": "page", "user_id": "u1", **fields}


def test_records_what_every_way_in_hands_in_as_it_would_be_kept() -> None:
    with captured() as events:
        identifiers = [
            workers.track("Order Completed", {"revenue": 9.5}, userId=7),
            workers.page("Home", user_id="u1"),
            workers.identify("u1", {"email": "ana@example.com"}),
            *workers.enqueue([page(timestamp=1_780_740_000)], pipeline="store"),
            *Producer(NOWHERE, patience=0).enqueue([page()]),
        ]
    assert [event["message_id"] for event in events] == identifiers
    assert [event["type"] for event in events] == ["track", "page", "identify", "page", "page"]
    assert events[0]["user_id"] == "7"
    assert events[3]["timestamp"] == "2026-06-06T10:00:00Z"


def test_a_recorded_event_is_a_copy() -> None:
    properties = {"url": "/"}
    with captured() as events:
        workers.page(properties=properties, user_id="u1")
    properties["url"] = "/changed"
    assert events[0]["properties"] == {"url": "/"}


def test_records_only_the_pipeline_asked_for() -> None:
    with captured("store") as events:
        workers.page("Home", user_id="u1")
        workers.page("Shop", user_id="u1", pipeline="store")
    assert [event["name"] for event in events] == ["Shop"]


def test_refuses_an_invalid_event_and_records_none_of_its_call() -> None:
    with captured() as events, pytest.raises(workers.Refused) as refused:
        workers.enqueue([page(), {"type": "track", "user_id": "u1"}])
    assert [fault.partition(":")[0] for fault in refused.value.faults] == ["events[1].event"]
    assert events == []


def test_raises_what_it_is_told_to() -> None:
    with captured(refuse=workers.Full("not kept")) as events, pytest.raises(workers.Full):
        workers.page(user_id="u1")
    assert events == []


def test_lets_go_when_the_block_ends_however_it_ends() -> None:
    with pytest.raises(ZeroDivisionError), captured():
        raise ZeroDivisionError
    with pytest.raises(workers.Away):
        Producer(NOWHERE, patience=0).enqueue([page()])
