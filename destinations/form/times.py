"""Points in time, read from what producers send and written as vendors want them.

An epoch number below 10¹¹ counts seconds, from there on milliseconds. A time without a zone is UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from destinations.form.numbers import number

_NORMAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.(?!000)\d{3})?Z", re.ASCII)
_FIRST_MILLIS = 10**11
_YEAR_1, _YEAR_10000 = -62_135_596_800, 253_402_300_800


def seconds_of(value: Any) -> float | None:
    """Seconds since 1970 of an ISO 8601 text or an epoch number; None for anything that is no time."""
    if type(value) is str:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return _epoch(number(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return _epoch(number(value))


def _epoch(given: float | None) -> float | None:
    if given is None:
        return None
    seconds = given if abs(given) < _FIRST_MILLIS else given / 1000
    return seconds if _YEAR_1 <= seconds < _YEAR_10000 else None


def iso_of(seconds: float) -> str | None:
    """Write seconds since 1970 as ``2026-06-06T10:00:00Z``, with milliseconds where there are any."""
    whole, millis = divmod(round(seconds * 1000), 1000)
    if not _YEAR_1 <= whole < _YEAR_10000:
        return None
    text = datetime.fromtimestamp(whole, UTC).isoformat()[:19]
    return f"{text}.{millis:03d}Z" if millis else f"{text}Z"


def is_normal(value: Any) -> bool:
    """Whether ``value`` is a time written as ``iso_of`` writes it, which events' own times are."""
    if type(value) is not str or not _NORMAL.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
