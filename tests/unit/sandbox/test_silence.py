"""What vendors throw away, change or recognise as a repeat, without a word to the sender."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.sandbox.calls import (
    GOOD,
    KISSMETRICS,
    KLAVIYO,
    LAUNCHDARKLY,
    STATSIG,
    SUCCESS,
    Call,
    Change,
    body,
    both,
    header,
    method,
    path,
    query,
)
from tests.unit.sandbox.conftest import Sandbox

BAD_NAME = "a character in eventName that Statsig drops events for"

DISCARDED: list[tuple[Call, Change, str]] = [
    (KISSMETRICS, query("_k"), "no _k"),
    (KISSMETRICS, query("_k", "two words"), "unknown _k"),
    (KISSMETRICS, query("_p", " "), "no _p"),
    (KISSMETRICS, query("_n"), "no _n"),
    (KISSMETRICS, query("_n", "n" * 256), "_n is over 255 characters"),
    (KISSMETRICS, query("_t", "1749200400000"), "_t is not in epoch seconds"),
    (KISSMETRICS, query("_t", "1749200400.5"), "_t is not in epoch seconds"),
    (KISSMETRICS, query("_t", "2026-06-06"), "_t is not in epoch seconds"),
    (KISSMETRICS, query("_t", "1230767999"), "_t is before 2009"),
    (KISSMETRICS, query("_d", "true"), "_d is neither 0 nor 1"),
    (KISSMETRICS, query("x" * 256, "1"), "a property name is empty or over 255 characters"),
    (KISSMETRICS, query("Note", "x" * 513), "a property value is over 512 characters"),
    (KISSMETRICS, path("/x"), "unknown path"),
    (KISSMETRICS, method("PUT"), "method PUT"),
    (KISSMETRICS, lambda call: replace(call, path="/s", query={"_k": "K", "_p": "p"}), "no property to set"),
    (KISSMETRICS, lambda call: replace(call, path="/e?_k=K&_k=K", query={}), "a parameter is given twice"),
    (KISSMETRICS, lambda call: replace(call, path="/e?_k=%zz", query={}), "a parameter is not URL-encoded"),
    (KISSMETRICS, lambda call: replace(call, path="/e?_k=%ff", query={}), "a parameter is not URL-encoded"),
    *[(STATSIG, body("events.0.eventName", f"pur{mark}chase"), BAD_NAME) for mark in '\\[]{}<>#=;&$%|"\n\r\x00'],
    (LAUNCHDARKLY, body("0.creationDate", 1749200000), "creationDate is not in milliseconds"),
]

NOTED: list[tuple[Call, Change, str]] = [
    (KISSMETRICS, query("_d"), "_t is no time without _d=1"),
    (KISSMETRICS, query("_x", "1"), "a reserved parameter is ignored"),
    (KISSMETRICS, query("_n", "Order: Completed"), "a comma or colon in a name becomes a space"),
    (KISSMETRICS, query("Size, cm", "7"), "a comma or colon in a name becomes a space"),
    (KISSMETRICS, query("Items", '["a"]'), "a JSON value is kept as text"),
    (STATSIG, body("events.0.user", {"email": "jane@example.com"}), "no unit id: tied to no user"),
    (STATSIG, body("events.0.time", 1717628400), "time is not in milliseconds"),
    (
        STATSIG,
        body("events.0.metadata", {"cart.id": "c"}),
        "a metadata key with a dot reads as NULL",
    ),
    (STATSIG, body("events.0.eventName", "n" * 65), "a string over 64 characters is cut"),
    (STATSIG, body("events.0.metadata.note", "x" * 4_096), "an object over 4096 characters is cut"),
]


@pytest.mark.parametrize(("call", "change", "reason"), DISCARDED)
def test_a_success_is_answered_and_the_event_thrown_away(
    sandbox: Sandbox, call: Call, change: Change, reason: str
) -> None:
    answer = sandbox.send(change(call))
    assert answer.status == SUCCESS[call.vendor]
    summary = sandbox.summary(call.vendor)
    assert (summary["accepted"], summary["discarded"]) == (0, {reason: 1})
    assert [entry["reason"] for entry in sandbox.get(f"/{call.vendor}/_discarded")["items"]] == [reason]


@pytest.mark.parametrize(("call", "change", "note"), NOTED)
def test_a_success_is_answered_and_the_event_kept_otherwise_than_meant(
    sandbox: Sandbox, call: Call, change: Change, note: str
) -> None:
    assert sandbox.send(change(call)).status == SUCCESS[call.vendor]
    summary = sandbox.summary(call.vendor)
    assert (summary["accepted"], summary["noted"]) == (1, {note: 1})


def test_a_text_in_brackets_is_no_json(sandbox: Sandbox) -> None:
    sandbox.send(query("Note", "[sic]")(KISSMETRICS))
    assert sandbox.summary("kissmetrics")["noted"] == {}


@pytest.mark.parametrize("call", GOOD.values(), ids=list(GOOD))
def test_nothing_is_noted_of_the_documented_example(sandbox: Sandbox, call: Call) -> None:
    sandbox.send(call)
    summary = sandbox.summary(call.vendor)
    assert (summary["discarded"], summary["noted"]) == ({}, {})


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from("esax"), st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=5))
def test_kissmetrics_answers_a_gif_to_everything(sandbox: Sandbox, end: str, params: dict[str, str]) -> None:
    answer = sandbox.send(replace(KISSMETRICS, path=f"/{end}", query=params))
    assert (answer.status, answer.headers["Content-Type"], answer.body[:6]) == (200, "image/gif", b"GIF89a")


def test_an_unknown_kissmetrics_key_shows_in_the_books_alone(sandbox: Sandbox) -> None:
    sandbox.post("/kissmetrics/_credentials", {"accepted": ["another"]})
    assert sandbox.send(KISSMETRICS).status == 200
    assert sandbox.summary("kissmetrics")["discarded"] == {"unknown _k": 1}


def test_kissmetrics_takes_a_form_as_well(sandbox: Sandbox) -> None:
    form = urlencode(KISSMETRICS.query, quote_via=quote).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert sandbox.send(replace(KISSMETRICS, method="POST", query={}, body=form, headers=headers)).status == 200
    assert sandbox.items("kissmetrics") == [KISSMETRICS.query]


ALIAS = replace(KISSMETRICS, path="/a", query={"_k": "K", "_p": "anon", "_n": "user"})
TRAITS = replace(KISSMETRICS, path="/s", query={"_k": "K", "_p": "user", "_t": "1749200400", "Plan": "Pro"})
NEW_ID = header("X-LaunchDarkly-Payload-ID", "6f1c2d9e-0d6b-4c0a-9a55-000000000000")
UNNAMED = body("data.attributes.unique_id")(KLAVIYO)
TIME = "data.attributes.time"

REPEATS: list[tuple[Call, Change, bool]] = [
    (KISSMETRICS, lambda call: call, True),
    (KISSMETRICS, query("_n", "PURCHASED"), True),
    (KISSMETRICS, query("_t", "1749200401"), False),
    (KISSMETRICS, query("_p", "another"), False),
    (KISSMETRICS, query("Revenue", "90"), False),
    (KISSMETRICS, query("Coupon", "X"), False),
    (TRAITS, lambda call: call, True),
    (TRAITS, query("Plan", "pro"), False),
    (ALIAS, lambda call: replace(call, query={"_k": "K", "_p": "user", "_n": "anon"}), True),
    (ALIAS, query("_n", "another"), False),
    (KLAVIYO, body("data.attributes.properties", {"other": 1}), True),
    (KLAVIYO, body("data.attributes.unique_id", "m-2"), False),
    (KLAVIYO, body("data.attributes.metric.data.attributes.name", "page_view"), False),
    (KLAVIYO, body("data.attributes.profile.data.attributes.email", "other@example.com"), True),
    (KLAVIYO, body("data.attributes.profile.data.attributes", {"email": "other@example.com"}), False),
    (UNNAMED, body(TIME, "2026-06-06T10:00:00.900Z"), True),
    (UNNAMED, body(TIME, "2026-06-06T10:00:01Z"), False),
    (LAUNCHDARKLY, lambda call: call, True),
    (LAUNCHDARKLY, NEW_ID, False),
    (LAUNCHDARKLY, both(NEW_ID, body("0.key", "sign_up")), False),
    (GOOD["kustomer"], lambda call: call, False),
    (STATSIG, lambda call: call, False),
]
"""(first call, how the second differs, whether the vendor takes it for a repeat)"""


@pytest.mark.parametrize(("call", "change", "repeat"), REPEATS)
def test_repeats_are_recognised_as_the_vendor_does(sandbox: Sandbox, call: Call, change: Change, repeat: bool) -> None:
    assert sandbox.send(call).status == sandbox.send(change(call)).status == SUCCESS[call.vendor]
    summary = sandbox.summary(call.vendor)
    assert (summary["accepted"], summary["deduplicated"]) == ((1, 1) if repeat else (2, 0))
    assert len(sandbox.items(call.vendor)) == summary["accepted"]


def test_a_payload_id_with_other_events_loses_them(sandbox: Sandbox) -> None:
    sandbox.send(LAUNCHDARKLY)
    assert sandbox.send(body("0.key", "sign_up")(LAUNCHDARKLY)).status == 202
    summary = sandbox.summary("launchdarkly")
    assert (summary["accepted"], summary["discarded"]) == (1, {"a payload id that came with other events before": 1})


def test_a_refused_payload_id_is_not_known_yet(sandbox: Sandbox) -> None:
    assert sandbox.send(body("0.kind", "identify")(LAUNCHDARKLY)).status == 400
    sandbox.send(LAUNCHDARKLY)
    assert sandbox.summary("launchdarkly")["accepted"] == 1
