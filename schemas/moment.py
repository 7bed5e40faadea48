"""Times: ISO 8601 text, epoch seconds or milliseconds in; ``2026-06-06T10:00:00.123Z`` out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Any

from marshmallow import ValidationError

from schemas import shown
from schemas.value_field import ValueField

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLIS_FROM = 1e11

# Narrower than ``datetime.fromisoformat``, which takes week dates, any separator, and so digits alone: the epoch
# "1612010112345" as a day in 1612.
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?)?"
    r"|\d{8}T([01]\d|2[0-3])[0-5]\d([0-5]\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?",
    re.ASCII,
)
_FORMS = 'write ISO 8601 like "2026-06-06T10:00:00Z", or a number of epoch seconds or milliseconds'


def utc_text(value: object) -> str:
    """A time as the fleet writes it: UTC, cut to milliseconds, no fraction when that is zero.

    Takes ISO 8601 text (a date, or date and time; without an offset it is UTC), an epoch number (below 10¹¹
    seconds, else milliseconds) or a ``datetime``. Raises ``ValueError`` with a sentence that says the remedy.
    """
    try:
        return written(parsed(value))
    except OverflowError:
        raise ValueError(f"{shown.value(value)} lies outside the years 1 to 9999; {_FORMS}") from None


def written(moment: datetime) -> str:
    """Write an aware time in UTC with the precision of ``utc_text``."""
    precision = "milliseconds" if moment.microsecond >= 1000 else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=precision)[:-6] + "Z"


def now() -> str:
    """The present moment."""
    return written(datetime.now(UTC))


def is_written(text: str) -> bool:
    """Whether a text is as ``utc_text`` would write it."""
    marks = text[4:20:3]
    if marks == "--T::.":
        if len(text) != 24 or text[23] != "Z" or text[20:23] == "000":
            return False
    elif marks != "--T::Z" or len(text) != 20:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return text[11:13] != "24"


def parsed(value: object) -> datetime:
    """A time as ``utc_text`` takes it, aware. ``ValueError``, or ``OverflowError`` when its year is not 1 to 9999."""
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_epoch(value)
    raise ValueError(f"must be a time, not {shown.value(value)}; {_FORMS}")


def _from_text(text: str) -> datetime:
    upper = text.upper()
    if not _ISO.fullmatch(upper):
        raise ValueError(f"{shown.value(text)} is not a time; {_FORMS}")
    try:
        moment = datetime.fromisoformat(upper)
    except ValueError as error:
        raise ValueError(f"{shown.value(text)} is not a time ({error}); {_FORMS}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _from_epoch(number: float) -> datetime:
    if isnan(number):
        raise ValueError(f"must be a time, not {shown.value(number)}; {_FORMS}")
    return _EPOCH + (timedelta(seconds=number) if abs(number) < _MILLIS_FROM else timedelta(milliseconds=number))


class Moment(ValueField[str]):
    """A marshmallow field of ``utc_text``."""

    def _read(self, value: Any) -> str:
        try:
            return utc_text(value)
        except ValueError as error:
            raise ValidationError(str(error)) from None
