"""What a shift notes of its requests and of what events waited for, as it is added up."""

from __future__ import annotations

from typing import Any

import pytest

from workers.flights import Cut, Parcel, Waiting
from workers.groups import Group
from workers.timing import Timing


def sums(timing: Timing) -> dict[Any, Any]:
    taken = timing.taken()
    return dict(zip(taken[::2], taken[1::2], strict=True))


def test_requests_are_counted_by_how_long_they_took_and_only_once() -> None:
    timing = Timing()
    for milliseconds in (0.4, 5.0, 5.1, 99.5, 20_000):
        timing.request(milliseconds)
    assert sums(timing) == {"requests": 5, "http_ms": 20_110, "le:5": 2, "le:10": 1, "le:100": 1, "le:inf": 1}
    assert sums(timing) == {}


@pytest.mark.parametrize(
    ("came", "cut", "slept", "waited"),
    [
        ([1_000, 1_200], Cut([], now_ms=1_500), 0, {"queue_ms": 800}),
        ([1_000, 1_200], Cut([], now_ms=1_500, limited_ms=1_100), 50, {"queue_ms": 100, "rate_ms": 700 + 100}),
        ([1_000, 1_200], Cut([], group=Group("g", [], [], since=1_300)), 0, {"queue_ms": 400, "retry_ms": 1_400}),
        ([1_000, 1_200], Cut([], group=Group("g", [], [])), 0, {"retry_ms": 1_800}),
    ],
    ids=["in its lane", "for permits", "aside", "behind its person"],
)
def test_what_events_waited_for_is_told_apart(came: list[int], cut: Cut, slept: int, waited: dict[str, int]) -> None:
    timing = Timing()
    members = [Waiting(f"{moment}-0", b"{}") for moment in came]
    timing.delivered(Parcel(members, [], "", cut), cleared_ms=2_000, slept_ms=slept)
    assert sums(timing) == {"events": 2} | waited
