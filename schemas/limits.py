"""Limits of an integration: slower than its vendor allows, or none against a sandbox; how long a request may take."""

from __future__ import annotations

import math
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from schemas import shown
from schemas.value_field import ValueField

LEAST, MOST = 1e-6, 1e9
"""What lies beyond cannot be reckoned with in whole microseconds, and nobody means it."""


class Positive(ValueField[float]):
    """A number from a millionth to a thousand millions; numeric text counts: the environment's variables are text."""

    def _read(self, value: Any) -> float:
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not number > 0:
            raise ValidationError(f"Must be a number greater than 0, not {shown.value(value)}.")
        if not LEAST <= number <= MOST:
            raise ValidationError(f"Must be between {LEAST:f} and {MOST:,.0f}, not {shown.value(value)}.")
        return number


class LimitsSchema(Schema):
    """Requests a second and a minute, both at most the vendor's own; or ``lifted``, which needs a ``base_url``."""

    requests_per_second = Positive(load_default=None, allow_none=True)
    requests_per_minute = Positive(load_default=None, allow_none=True)
    lifted = fields.Bool(load_default=False)


class TimeoutSchema(Schema):
    """Seconds to wait for a connection, and for a whole request."""

    connect = Positive(load_default=3.0)
    total = Positive(load_default=10.0)

    @validates_schema
    def _fits(self, timeout: dict[str, float], **_: Any) -> None:
        if timeout["connect"] > timeout["total"]:
            raise ValidationError("Must not be longer than total; lower it, or raise total.", "connect")
