"""The functions a blueprint's expressions may call, besides JMESPath's own.

Each takes JSON values, answers null for null, and for whatever it cannot convert; none raises. The first line of each
docstring is its documentation for those who edit blueprints.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from math import isfinite
from typing import Any

import orjson
import phonenumbers

from destinations.form import names
from destinations.form.numbers import number
from destinations.form.times import is_normal, iso_of, seconds_of


def epoch_seconds(value: Any) -> int | None:
    """A time as whole seconds since 1970: `1749200400`."""
    seconds = seconds_of(value)
    return None if seconds is None else int(seconds // 1)


def epoch_millis(value: Any) -> int | None:
    """A time as milliseconds since 1970: `1749200400000`."""
    seconds = seconds_of(value)
    return None if seconds is None else round(seconds * 1000)


def iso_time(value: Any) -> str | None:
    """A time as ISO 8601 text in UTC: `2026-06-06T10:00:00Z`."""
    if is_normal(value):
        return str(value)
    seconds = seconds_of(value)
    return None if seconds is None else iso_of(seconds)


def string(value: Any) -> str | None:
    """Any value as text: `7.0` → `7`, `true` → `true`, objects and lists as JSON."""
    kind = type(value)
    if kind is str or value is None:
        return value  # type: ignore[no-any-return]
    if kind is float and not value.is_integer():
        return repr(value) if isfinite(value) else None
    if kind is int and -(2**63) <= value < 2**63:
        return str(value)
    if kind is float or kind is int:
        tidy = number(value)
        return None if tidy is None else str(tidy)
    if kind is bool:
        return "true" if value else "false"
    return _json(value)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # integers beyond 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def lower(value: Any) -> str | None:
    """A text in lower case."""
    return value.lower() if type(value) is str else None


def upper(value: Any) -> str | None:
    """A text in upper case."""
    return value.upper() if type(value) is str else None


def trim(value: Any) -> str | None:
    """A text without the space around it; null when nothing is left."""
    return value.strip() or None if type(value) is str else None


def title(value: Any) -> str | None:
    """A name for people: `order_id` → `Order ID`."""
    return names.title(value) if type(value) is str else None


def e164(phone: Any, default_country: Any = None) -> str | None:
    """A phone number as `+447700900123`; the second argument is the country (`GB`) of numbers that name none."""
    if type(phone) is int:
        phone = str(phone)
    region = default_country if type(default_country) is str else None
    return _e164(phone, region) if type(phone) is str and len(phone) <= 64 else None


@lru_cache(maxsize=16384)
def _e164(phone: str, region: str | None) -> str | None:
    """*Possible*, not *valid*: numbers set aside for tests (+44 7700 900123) are not valid and must pass."""
    try:
        parsed = phonenumbers.parse(phone, region and region.upper())
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def granted(value: Any) -> str | None:
    """A consent: `granted` for true, `denied` for false."""
    if value is True:
        return "granted"
    return "denied" if value is False else None


FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (e164, epoch_millis, epoch_seconds, granted, iso_time, lower, number, string, title, trim, upper)
}

CONVERTERS = {
    "number": "a number",
    "epoch_seconds": "a time",
    "epoch_millis": "a time",
    "iso_time": "a time",
    "e164": "a phone number",
}
"""Functions that may fail on a value that is there, and what such a value is not."""
