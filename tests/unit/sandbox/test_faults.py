"""Faults and limits happen when asked for, repeatably, and look like the vendor's own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.sandbox.calls import GOOD, KLAVIYO, KUSTOMER, LAUNCHDARKLY, STATSIG, SUCCESS, Call, body, gzipped
from tests.unit.sandbox.conftest import Sandbox
from tests.unit.sandbox.test_rules import errors_of

each_vendor = pytest.mark.parametrize("call", GOOD.values(), ids=list(GOOD))


@each_vendor
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_status_is_answered_in_the_vendors_format_and_nothing_kept(sandbox: Sandbox, call: Call, status: int) -> None:
    sandbox.post(f"/{call.vendor}/_faults", {"status": status, "times": 1})
    answer = sandbox.send(call)
    assert answer.status == status
    assert call.vendor == "kissmetrics" or errors_of(call.vendor, answer.json)
    assert sandbox.send(call).status == SUCCESS[call.vendor]
    summary = sandbox.summary(call.vendor)
    assert (summary["requests"], summary["accepted"], summary["faulted"]) == (2, 1, 1)


def test_an_answer_can_be_worded_freely(sandbox: Sandbox) -> None:
    page = "<html>Bad Gateway</html>"
    sandbox.post("/klaviyo/_faults", {"status": 502, "body": page, "content_type": "text/html"})
    answer = sandbox.send(KLAVIYO)
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (502, "text/html", page.encode())
    sandbox.post("/statsig/_faults", {"status": 202, "body": {"success": False}})
    assert sandbox.send(STATSIG).json == {"success": False}


@pytest.mark.parametrize("wait", [7, "Sat, 06 Jun 2026 10:00:00 GMT"])
@each_vendor
def test_retry_after_is_sent_as_given(sandbox: Sandbox, call: Call, wait: object) -> None:
    sandbox.post(f"/{call.vendor}/_faults", {"status": 503, "retry_after": wait})
    assert sandbox.send(call).headers["Retry-After"] == str(wait)


@each_vendor
@pytest.mark.parametrize(
    ("fault", "raised", "kept"),
    [
        ("reset", ConnectionResetError, 0),
        ("accept_then_reset", ConnectionResetError, 1),
        ("accept_then_hang", TimeoutError, 1),
    ],
)
def test_an_answer_that_never_comes(
    sandbox: Sandbox, call: Call, fault: str, raised: type[Exception], kept: int
) -> None:
    sandbox.post(f"/{call.vendor}/_faults", {fault: True})
    with pytest.raises(raised):
        sandbox.send(call, timeout=0.3)
    summary = sandbox.summary(call.vendor)
    assert (summary["accepted"], summary["unanswered"]) == (kept, kept)


def test_latency_delays_the_answer_and_not_the_acceptance(sandbox: Sandbox) -> None:
    sandbox.post("/kustomer/_faults", {"latency_ms": 300})
    began = time.monotonic()
    assert sandbox.send(KUSTOMER).status == 201
    assert 0.3 <= time.monotonic() - began < 2
    with pytest.raises(TimeoutError):
        sandbox.send(KUSTOMER, timeout=0.05)
    assert sandbox.summary("kustomer")["accepted"] == 2


def statuses(sandbox: Sandbox, call: Call, calls: int, **fault: Any) -> list[int]:
    sandbox.request("DELETE", f"/{call.vendor}/_accepted")
    sandbox.post(f"/{call.vendor}/_faults", [{"status": 500, **fault}, {"status": 503, "rate": 0.3}])
    return [sandbox.send(call).status for _ in range(calls)]


def test_the_same_seed_makes_the_same_faults(sandbox: Sandbox) -> None:
    first = statuses(sandbox, KUSTOMER, 60, rate=0.3, seed=7)
    assert first == statuses(sandbox, KUSTOMER, 60, rate=0.3, seed=7)
    assert first != statuses(sandbox, KUSTOMER, 60, rate=0.3, seed=8)
    assert set(first) == {201, 500, 503}
    hits = [fault["hits"] for fault in sandbox.get("/kustomer/_faults")["faults"]]
    assert sum(hits) == sandbox.summary("kustomer")["faulted"]


def test_a_fault_can_be_for_some_events_only(sandbox: Sandbox) -> None:
    poisoned = body("events.0.metadata", {"order_id": "POISON"})(STATSIG)
    sandbox.post("/statsig/_faults", {"status": 500, "match": "POISON"})
    answers = [sandbox.send(call).status for call in (STATSIG, poisoned, gzipped(poisoned), gzipped(STATSIG))]
    assert answers == [202, 500, 500, 202]


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"status": 500, "reset": True}, "Only one of"),
        ({"rate": 0.5}, "Nothing would happen"),
        ({"status": 99, "rate": 2, "often": True}, "rate"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox: Sandbox, fault: object, named: str) -> None:
    with pytest.raises(AssertionError, match=named):
        sandbox.post("/klaviyo/_faults", fault)
    assert sandbox.get("/klaviyo/_faults") == {"faults": []}


def at_start_of(seconds: float) -> None:
    """Wait until a window of the clock has most of itself before it."""
    time.sleep(seconds - time.time() % seconds if time.time() % seconds > seconds / 2 else 0)


THROTTLED: dict[str, Callable[[Any], bool]] = {
    "kissmetrics": lambda _: True,
    "kustomer": lambda headers: (
        headers["x-ratelimit-remaining"] == "0"
        and "Retry-After" not in headers
        and 0 <= int(headers["x-ratelimit-reset"]) - time.time() <= 5
    ),
    "klaviyo": lambda headers: 1 <= int(headers["Retry-After"]) <= 4 and "RateLimit-Limit" not in headers,
    "statsig": lambda headers: "Retry-After" not in headers,
    "launchdarkly": lambda headers: 1 <= int(headers["Retry-After"]) <= 4,
}


@each_vendor
def test_over_its_limit_a_vendor_answers_429_until_the_window_ends(sandbox: Sandbox, call: Call) -> None:
    sandbox.post(f"/{call.vendor}/_limits", {"requests": 2, "seconds": 4})
    at_start_of(4)
    answers = [sandbox.send(call) for _ in range(4)]
    assert [answer.status for answer in answers] == [SUCCESS[call.vendor]] * 2 + [429] * 2
    assert THROTTLED[call.vendor](answers[2].headers)
    summary = sandbox.summary(call.vendor)
    assert (summary["worst_second"], summary["limits"][0]["worst"]) == (4, 4)
    assert summary["refused"]["reason"] == {"over the limit": 2}


def test_a_limit_is_per_account_and_ends_with_its_window(sandbox: Sandbox) -> None:
    sandbox.post("/klaviyo/_limits", {"requests": 1, "seconds": 1})
    other = GOOD["klaviyo"].headers | {"Authorization": "Klaviyo-API-Key pk_other"}
    another = Call("klaviyo", "POST", "/api/events", other, KLAVIYO.body)
    at_start_of(1)
    assert [sandbox.send(each).status for each in (KLAVIYO, KLAVIYO, another)] == [202, 429, 202]
    time.sleep(1.05 - time.time() % 1)
    assert sandbox.send(KLAVIYO).status == 202


def test_the_published_limits_can_be_switched_on(sandbox: Sandbox) -> None:
    limits = sandbox.post("/klaviyo/_limits", {"published": True})["limits"]
    assert [(each["requests"], each["seconds"]) for each in limits] == [(350, 1), (3500, 60), (10, 1), (150, 60)]
    assert sandbox.send(KLAVIYO).headers["RateLimit-Remaining"] == "3499"
    assert sandbox.send(KLAVIYO).headers["RateLimit-Remaining"] == "3498"


def test_the_worst_second_is_counted_without_any_limit(sandbox: Sandbox) -> None:
    for _ in range(5):
        sandbox.send(LAUNCHDARKLY)
    assert sandbox.summary("launchdarkly")["worst_second"] == 5
