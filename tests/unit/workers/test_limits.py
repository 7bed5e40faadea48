from __future__ import annotations

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destinations.form.parts import Limit
from workers.limits import window

LIMITS = st.builds(
    Limit, st.integers(1, 5_000), st.sampled_from([0.5, 1.0, 2.0, 10.0, 60.0, 1000.0]), st.just("a test")
)


def granted(limit: Limit, asks: list[tuple[int, int]]) -> list[int]:
    """When (µs) permits were granted to whoever asked after so long a pause for so many: ``permits.lua`` in Python."""
    each, burst = window(limit)
    arrival, now, moments = 0, 0, []
    for pause, wanted in asks:
        now += pause
        arrival = max(arrival, now)
        free = min(wanted, int((burst * each - (arrival - now)) // each))
        if free > 0:
            arrival += free * each
            moments += [now] * free
    return moments


@given(LIMITS)
def test_hardly_any_of_a_limit_is_given_away_for_its_burst(limit: Limit) -> None:
    each, _ = window(limit)
    assert limit.seconds * 1_000_000 / each >= 0.97 * limit.requests


@given(LIMITS, st.lists(st.tuples(st.floats(0, 1.5), st.integers(1, 400)), max_size=60))
def test_no_window_wherever_it_starts_has_more_requests_than_the_limit(
    limit: Limit, asks: list[tuple[float, int]]
) -> None:
    length = int(limit.seconds * 1_000_000)
    moments = granted(limit, [(int(pause * length), wanted) for pause, wanted in asks])
    for index, moment in enumerate(moments):
        assert bisect_left(moments, moment + length) - index <= limit.requests


@given(LIMITS)
def test_whoever_asks_all_the_time_gets_nearly_the_whole_limit(limit: Limit) -> None:
    each, burst = window(limit)
    length = limit.seconds * 1_000_000
    assert length / each >= 0.97 * limit.requests
    assert 1 <= burst <= max(1, 0.03 * limit.requests + 1)


@pytest.mark.parametrize("requests", [1, 3, 5, 100, 350])
def test_a_saturated_limit_loses_less_than_three_percent(requests: int) -> None:
    limit = Limit(requests, 1.0, "a test")
    each = window(limit)[0]
    moments = granted(limit, [(max(1, each // 50), 10)] * (50 * 10 * requests))
    spent = moments[-1] - moments[0]
    assert (len(moments) - 1) / spent * 1_000_000 >= 0.97 * requests
