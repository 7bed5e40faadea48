"""Klaviyo's limits beyond what the default event limits let through, and what it says of a refused bulk job."""

from __future__ import annotations

import json
from typing import Any

import pytest

from destinations.form.integration import Integration, install
from destinations.form.parts import Answer, Record, Verdict
from schemas.event import EventLimits, load_event

KEYS = {"public_api_key": "ABC123", "private_api_key": "pk_1"}
WIDE = EventLimits(max_bytes=20_000_000, max_depth=100)


def klaviyo(**config: Any) -> Integration:
    return install("klaviyo", {"destination": "klaviyo", "config": KEYS | config})


def order(user_id: str, properties: dict[str, Any] | None = None) -> dict[str, Any]:
    raw = {"type": "track", "event": "Order Completed", "user_id": user_id, "properties": properties or {}}
    return load_event(raw, limits=WIDE)


def record(user_id: str) -> Record:
    (made,) = klaviyo().transform(order(user_id)).records
    return made


def nested(levels: int) -> Any:
    return {"in": nested(levels - 1)} if levels else 1


LARGE = {f"p{number}": "x" * 99_000 for number in range(52)}


@pytest.mark.parametrize(
    ("properties", "fault"),
    [
        ({f"p{number}": 1 for number in range(301)}, "properties: 301 of them; Klaviyo takes 300"),
        ({"text": "é" * 50_001}, "properties.text: a text of 100,002 bytes; at most 100,000 are taken"),
        ({"a": {"list": [0] * 4001}}, "properties.a.list: a list of 4,001 items; at most 4,000 are taken"),
        ({"a": nested(10)}, f"properties.a{'.in' * 9}: nested deeper than 10 levels"),
        (LARGE, "properties: 5,148,459 bytes; Klaviyo takes 5 MB a request"),
    ],
    ids=["count", "text", "list", "depth", "size"],
)
def test_more_than_klaviyo_takes_is_rejected_before_sending(properties: dict[str, Any], fault: str) -> None:
    outcome = klaviyo().transform(order("user-1", properties))
    assert (outcome.kind, outcome.detail) == ("reject", fault)


@pytest.mark.parametrize(
    "properties",
    [{f"p{number}": 1 for number in range(300)}, {"text": "é" * 50_000}, {"list": [0] * 4000}, {"a": nested(9)}],
    ids=["count", "text", "list", "depth"],
)
def test_as_much_as_klaviyo_takes_is_sent(properties: dict[str, Any]) -> None:
    assert klaviyo().transform(order("user-1", properties)).kind == "send"


# Three profiles: the entries of the job are jane (records 0 and 2), joe (1) and ann (3).
RECORDS = [record(user_id) for user_id in ("jane", "joe", "jane", "ann")]


@pytest.mark.parametrize(
    ("pointers", "culprits"),
    [
        (["/data/attributes/events-bulk-create/data/0/attributes/events/data/1/attributes/time"], (2,)),
        (["/data/attributes/events-bulk-create/data/1/attributes/profile/data/attributes/email"], (1,)),
        (["/data/attributes/events-bulk-create/data/0/attributes/profile/data/attributes/email"], (0, 2)),
        (
            [
                "/data/attributes/events-bulk-create/data/2/attributes/events/data/0",
                "/data/attributes/events-bulk-create/data/0/attributes/events/data/0",
            ],
            (0, 3),
        ),
        (["/data/attributes/events-bulk-create/data"], ()),
        (["/data/attributes/events-bulk-create/data/9/attributes/email"], ()),
        (["/data/attributes/events-bulk-create/data/1/attributes/events/data/5"], ()),
    ],
)
def test_a_refused_job_names_its_bad_events(pointers: list[str], culprits: tuple[int, ...]) -> None:
    errors = [{"status": 400, "detail": "Invalid", "source": {"pointer": pointer}} for pointer in pointers]
    body = json.dumps({"errors": errors}).encode()
    reading = klaviyo(bulk=True).read(Answer(400, body=body, records=RECORDS))
    assert (reading.verdict, reading.culprits) == (Verdict.INVALID, culprits)
    assert reading.reason.startswith("Klaviyo answered 400: Invalid")
    assert reading.hint


def test_the_site_s_quota_is_shared_and_bulk_has_one_of_its_own() -> None:
    single, bulk = klaviyo(), klaviyo(bulk=True)
    assert {single.account, klaviyo(private_api_key="pk_2").account} == {single.account}
    assert bulk.account != single.account
    assert [(limit.requests, limit.seconds) for limit in single.limits] == [(350, 1), (3500, 60)]
    assert [(limit.requests, limit.seconds) for limit in bulk.limits] == [(10, 1), (150, 60)]
    assert (bulk.batch.events, single.batch.events) == (1000, 1)
