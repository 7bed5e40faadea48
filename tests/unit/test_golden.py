"""Every destination's golden cases: an event and a configuration in, the exact request, drop or reject out.

``tests/golden/<destination>.json`` lists cases: ``name``, ``integration`` (its spec, less the destination), ``event``
(or ``events``, which travel in one request), and ``expect``, the part of ``explain``'s row that matters: what it does
not name is not looked at, ``"*"`` stands for anything, and ``reason`` is compared by its beginning.
Beside the row's own keys ``limits`` may be expected, as ``[[requests, seconds]]``.
``tests/golden/<destination>.answers.json`` lists answers of the vendor and what they mean, and
``tests/golden/<destination>.faults.json`` integrations that cannot be installed, with all their faults, sorted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest

from destinations.form.answers import read_answer
from destinations.form.catalog import catalog
from destinations.form.explain import explain, explain_batch
from destinations.form.integration import InvalidSpec, install
from destinations.form.parts import Answer

Case = dict[str, Any]

GOLDEN = Path(__file__).parents[1] / "golden"
NOW = 1_780_740_000.0  # 2026-06-06T10:00:00Z


def cases(suffix: str) -> list[Any]:
    return [case for destination in catalog() for case in parameters(destination, suffix)]


def parameters(destination: str, suffix: str) -> Iterator[Any]:
    for number, case in enumerate(read_cases(GOLDEN / f"{destination}{suffix}")):
        yield pytest.param(destination, case, id=f"{destination}-{number}: {case.get('name', case.get('status'))}")


def read_cases(path: Path) -> list[Case]:
    return list(json.loads(path.read_text())) if path.exists() else []


def trimmed(actual: Any, expected: Any) -> Any:
    """``actual`` with only what ``expected`` names, and its ``"*"`` wherever that stands."""
    if expected == "*":
        return "*"
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {key: trimmed(value, expected.get(key)) for key, value in actual.items()}
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [trimmed(value, wanted) for value, wanted in zip(actual, expected, strict=True)]
    return actual


def of_interest(row: Mapping[str, Any], expect: Mapping[str, Any]) -> dict[str, Any]:
    """The row's keys that ``expect`` names, its request's likewise; ``reason`` cut to the length that is expected."""
    found = {key: row.get(key) for key in expect}
    reason, request = found.get("reason"), found.get("request")
    if isinstance(reason, str) and expect["reason"]:
        found["reason"] = reason[: len(expect["reason"])]
    if isinstance(request, dict) and expect["request"]:
        found["request"] = {key: request.get(key) for key in expect["request"]}
    return {key: trimmed(value, expect[key]) for key, value in found.items()}


def same(actual: Any, expected: Any, whole: Any) -> None:
    if actual != expected:
        shown = "\n".join(unified_diff(lines(expected), lines(actual), "expected", "actual", lineterm="", n=2))
        pytest.fail(f"{shown[:8000]}\n\nall of it: {json.dumps(whole, ensure_ascii=False)[:2000]}", pytrace=False)


def lines(value: Any) -> list[str]:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).splitlines()


@pytest.mark.parametrize("suffix", [".json", ".answers.json"])
@pytest.mark.parametrize("destination", catalog())
def test_destination_has_cases(destination: str, suffix: str) -> None:
    assert read_cases(GOLDEN / f"{destination}{suffix}"), f"write tests/golden/{destination}{suffix}"


@pytest.mark.parametrize(("destination", "case"), cases(".json"))
def test_event_becomes_what_its_case_expects(destination: str, case: Case) -> None:
    integration = install("golden", {"destination": destination, **case["integration"]})
    if "events" in case:
        row = explain_batch(case["events"], integration, reveal=True)
    else:
        [row] = explain(case["event"], [integration], reveal=True)
    row["limits"] = [[limit.requests, limit.seconds] for limit in integration.limits]
    same(of_interest(row, case["expect"]), case["expect"], row)


@pytest.mark.parametrize(("destination", "case"), cases(".faults.json"))
def test_integration_is_refused_with_every_fault(destination: str, case: Case) -> None:
    with pytest.raises(InvalidSpec) as refused:
        install("golden", {"destination": destination, **case["integration"]})
    same(sorted(refused.value.faults), case["faults"], refused.value.faults)


@pytest.mark.parametrize(("destination", "case"), cases(".answers.json"))
def test_answer_means_what_its_case_says(destination: str, case: Case) -> None:
    body = case.get("body", "")
    encoded = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    reading = read_answer(catalog()[destination], Answer(case["status"], case.get("headers", {}), encoded), NOW)
    expect = {key: value for key, value in case.items() if key in reading.__slots__}
    found = {key: getattr(reading, key) for key in expect}
    for text in {"reason", "hint"} & expect.keys():
        found[text] = found[text][: len(expect[text])]
    same(json.loads(json.dumps(found)), expect, {key: str(getattr(reading, key)) for key in reading.__slots__})
