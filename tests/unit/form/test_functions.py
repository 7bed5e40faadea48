from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destinations.form.functions import FUNCTIONS

NO_NUMBERS: tuple[Any, ...] = ("", "abc", "nan", "inf", "-Infinity", "1_000", "١", "$5", "1,5", True, [], {})
NO_PHONES: tuple[Any, ...] = (("07700 900123",), ("12", "GB"), ("call me",), (["+447700900123"],), ("1" * 99,))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda value: st.lists(value, max_size=3) | st.dictionaries(st.text(max_size=3), value, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("call", "result"),
    [
        (("number", "89.99"), 89.99),
        (("number", "7"), 7),
        (("number", " 7.20 "), 7.2),
        (("number", 7.0), 7),
        (("number", "1e3"), 1000),
        (("number", -0.5), -0.5),
        *[(("number", odd), None) for odd in NO_NUMBERS],
        (("number", 10**400), None),
        (("string", 7.0), "7"),
        (("string", 89.99), "89.99"),
        (("string", False), "false"),
        (("string", {"a": [1, "é"]}), '{"a":[1,"é"]}'),
        (("epoch_seconds", "2026-06-06T10:00:00.900Z"), 1780740000),
        (("epoch_seconds", "1969-12-31T23:59:59.500Z"), -1),
        (("epoch_millis", "2026-06-06T10:00:00.123Z"), 1780740000123),
        (("epoch_millis", "2026-06-06T12:00:00+02:00"), 1780740000000),
        (("epoch_millis", "2026-06-06"), 1780704000000),
        (("epoch_millis", 1780740000), 1780740000000),
        (("epoch_millis", "1780740000123"), 1780740000123),
        (("epoch_millis", 10**300), None),
        (("epoch_millis", "yesterday"), None),
        (("epoch_millis", True), None),
        (("iso_time", "2026-06-06T10:00:00.123Z"), "2026-06-06T10:00:00.123Z"),
        (("iso_time", "2026-06-06T10:00:00.000Z"), "2026-06-06T10:00:00Z"),
        (("iso_time", "2026-06-06T12:00:00+02:00"), "2026-06-06T10:00:00Z"),
        (("iso_time", "2026-02-30T10:00:00Z"), None),
        (("iso_time", "0001-01-01T00:00:00+10:00"), None),
        (("iso_time", 1780740000.5), "2026-06-06T10:00:00.500Z"),
        (("e164", "+447700900123"), "+447700900123"),
        (("e164", "07700 900123", "gb"), "+447700900123"),
        (("e164", 447700900123, "GB"), "+447700900123"),
        *[(("e164", *odd), None) for odd in NO_PHONES],
        (("trim", "  "), None),
        (("trim", " Jane "), "Jane"),
        (("lower", "JANE"), "jane"),
        (("lower", ["JANE"]), None),
        (("title", "order_id"), "Order ID"),
        (("title", "productURL"), "Product URL"),
        (("title", "_p"), "P"),
        (("title", "$"), "$"),
        (("granted", True), "granted"),
        (("granted", False), "denied"),
        (("granted", "true"), None),
    ],
)
def test_functions(call: tuple[Any, ...], result: Any) -> None:
    name, *arguments = call
    value = FUNCTIONS[name](*arguments)
    assert (value, type(value)) == (result, type(result))


@pytest.mark.parametrize("name", FUNCTIONS)
@given(value=JSON)
def test_no_value_makes_a_function_raise(name: str, value: Any) -> None:
    json.dumps(FUNCTIONS[name](value), allow_nan=False)
    assert FUNCTIONS[name](None) is None
