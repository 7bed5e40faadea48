"""The books can be read while and after vendors are called, and the process starts and stops cleanly."""

from __future__ import annotations

import signal
import time

import pytest

from destinations.sandbox.vendors import vendors
from tests.unit.sandbox.calls import GOOD, KLAVIYO, STATSIG, whole_body
from tests.unit.sandbox.conftest import Sandbox, start


def log(sandbox: Sandbox, *names: str) -> None:
    events = [{"eventName": "n", "user": {"userID": "u"}, "metadata": {"probe": name}} for name in names]
    assert sandbox.send(whole_body({"events": events})(STATSIG)).status == 202


def test_events_are_listed_in_order_with_when_and_with_which_request_they_came(sandbox: Sandbox) -> None:
    began = time.time()
    log(sandbox, "p-0", "p-1")
    log(sandbox, "p-2")
    listed = sandbox.get("/statsig/_accepted")
    assert (listed["total"], listed["offset"]) == (3, 0)
    assert [entry["item"]["metadata"]["probe"] for entry in listed["items"]] == ["p-0", "p-1", "p-2"]
    assert [entry["request"] for entry in listed["items"]] == [1, 1, 2]
    assert {entry["path"] for entry in listed["items"]} == {"/v1/log_event"}
    times = [entry["at"] for entry in listed["items"]]
    assert times == sorted(times)
    assert began <= times[0] <= time.time()


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("offset=1&limit=1", ["p-1"]),
        ("offset=2", ["p-2", "p-3"]),
        ("limit=0", []),
        ("offset=9", []),
    ],
)
def test_a_listing_can_be_paged(sandbox: Sandbox, asked: str, seen: list[str]) -> None:
    log(sandbox, "p-0", "p-1", "p-2", "p-3")
    listed = sandbox.get(f"/statsig/_accepted?ids=p-\\d&{asked}")
    assert (listed["total"], listed["items"]) == (4, seen)


@pytest.mark.parametrize(
    ("keep", "items", "total"), [("p-\\d", ["p-0", "p-1"], 2), ('"probe":"(.*?)"', ["p-0", "p-1"], 2), ("none", [], 0)]
)
def test_less_than_whole_events_can_be_kept(sandbox: Sandbox, keep: str, items: list[str], total: int) -> None:
    sandbox.post("/statsig/_accepted", {"keep": keep})
    log(sandbox, "p-0", "p-1")
    assert sandbox.items("statsig") == items
    assert (sandbox.get("/statsig/_accepted")["total"], sandbox.summary("statsig")["accepted"]) == (total, 2)


def test_many_events_are_listed_whole(sandbox: Sandbox) -> None:
    names = [f"p-{index}" for index in range(25_000)]
    log(sandbox, *names)
    assert sandbox.get("/statsig/_accepted?ids=p-\\d%2B")["items"] == names


def test_a_clear_forgets_repeats_too_and_one_vendor_only(sandbox: Sandbox) -> None:
    sandbox.send(KLAVIYO)
    log(sandbox, "p-0")
    sandbox.request("DELETE", "/klaviyo/_accepted")
    assert sandbox.summary("klaviyo")["requests"] == 0
    sandbox.send(KLAVIYO)
    overall = sandbox.get("/_accepted")
    assert {name: counts["accepted"] for name, counts in overall.items() if counts["accepted"]} == {
        "klaviyo": 1,
        "statsig": 1,
    }


@pytest.mark.parametrize(
    ("verb", "target", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/nobody/e", 404),
        ("GET", "/statsig/_nothing", 404),
        ("PUT", "/statsig/_accepted", 404),
        ("GET", "/statsig/_accepted?offset=-1", 400),
        ("GET", "/statsig/_accepted?ids=(", 400),
        ("POST", "/statsig/_limits", 400),
    ],
)
def test_a_wrong_switch_says_so(sandbox: Sandbox, verb: str, target: str, status: int) -> None:
    answer = sandbox.request(verb, target, b"{}" if verb == "POST" else None)
    assert (answer.status, bool(answer.json["error"])) == (status, True)


def test_health_names_every_vendor(sandbox: Sandbox) -> None:
    assert sandbox.get("/_health") == {"status": "ok", "vendors": sorted(vendors())}
    assert set(vendors()) == set(GOOD)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_process_ends_cleanly_even_with_a_call_hanging(number: signal.Signals) -> None:
    process, port = start("--strict-names")
    sandbox = Sandbox(port)
    assert sandbox.send(GOOD["kustomer"]).status == 400
    sandbox.post("/kustomer/_faults", {"accept_then_hang": True})
    with pytest.raises(TimeoutError):
        sandbox.send(GOOD["kustomer"], timeout=0.2)
    process.send_signal(number)
    assert process.wait(5) == 0
