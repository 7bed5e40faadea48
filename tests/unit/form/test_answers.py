from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema

from destinations.form.answers import read_answer, vendor_message
from destinations.form.destination import Destination
from destinations.form.parts import Answer, Reading, Verdict
from destinations.form.request import Request

NOW = 1_780_740_000.0


def acme(**more: Any) -> Destination:
    return Destination(
        name="acme",
        title="Acme",
        docs="",
        config=Schema(),
        host=lambda _: "https://acme.example",
        account=lambda _: "",
        limits=lambda _: (),
        variants={"default": {}},
        request=lambda records, integration, _: Request("POST", integration.origin, {}, json=records),
        **more,
    )


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *[(status, Verdict.DELIVERED) for status in (200, 201, 202, 204)],
        *[(status, Verdict.TRANSIENT) for status in (100, 203, 206, 408, 425, 500, 502, 503, 504, 599)],
        (429, Verdict.THROTTLED),
        *[(status, Verdict.SETUP) for status in (301, 302, 304, 307, 401, 403, 404, 405, 410)],
        *[(status, Verdict.INVALID) for status in (400, 402, 409, 413, 415, 422, 451)],
    ],
)
def test_the_common_table(status: int, verdict: Verdict) -> None:
    assert read_answer(acme(), Answer(status), NOW).verdict is verdict


def test_a_vendor_s_own_rules_come_first() -> None:
    def read(answer: Answer) -> Reading | None:
        return Reading(Verdict.INVALID, "no such thing", culprits=(1,)) if b"no" in answer.body else None

    vendor = acme(read=read, success=frozenset({202}), verdicts={409: Verdict.TRANSIENT}, hints={409: "Try later."})
    assert read_answer(vendor, Answer(202, body=b"no"), NOW) == Reading(Verdict.INVALID, "no such thing", culprits=(1,))
    assert read_answer(vendor, Answer(409), NOW) == Reading(Verdict.TRANSIENT, "Acme answered 409", "Try later.")
    unexpected = read_answer(vendor, Answer(200), NOW)
    assert unexpected == Reading(Verdict.TRANSIENT, "Acme answered 200, which is no answer it is known to give")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Sat, 06 Jun 2026 10:00:30 GMT", 30.0),
        ("Sat, 06 Jun 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    assert read_answer(acme(), Answer(429, {"retry-after": header}), NOW).retry_after == seconds


def test_a_date_is_measured_by_the_answer_s_own_clock() -> None:
    headers = {"retry-after": "Sat, 06 Jun 2026 10:00:30 GMT", "date": "Sat, 06 Jun 2026 10:00:10 GMT"}
    assert read_answer(acme(), Answer(429, headers), NOW - 7_200).retry_after == 20.0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"errors": [{"detail": "Bad phone", "source": {"pointer": "/data/x"}}]}, "Bad phone (/data/x)"),
        ({"errors": [{"code": "bad_request", "message": "a"}, {"title": "b"}]}, "a; b"),
        ({"error": {"message": "no\n  room"}}, "no room"),
        ({"success": False}, ""),
        ("plain", "plain"),
        ({"message": "x" * 400}, "x" * 300 + "…"),
    ],
)
def test_the_vendor_s_message(body: Any, message: str) -> None:
    assert vendor_message(json.dumps(body).encode()) == message


@pytest.mark.parametrize(
    ("body", "message"), [(b"Not today", "Not today"), (b"<html>", ""), (b"GIF89a\x01", ""), (b"", "")]
)
def test_a_body_that_is_no_json(body: bytes, message: str) -> None:
    assert vendor_message(body) == message


@given(status=st.integers(100, 599), body=st.binary(max_size=60), header=st.text(max_size=30))
def test_no_answer_makes_reading_raise(status: int, body: bytes, header: str) -> None:
    assert read_answer(acme(), Answer(status, {"retry-after": header}, body), NOW).verdict in Verdict
