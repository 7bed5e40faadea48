"""Checks of what ends up in a vendor's numeric fields, made after every override of the blueprint."""

from __future__ import annotations

from typing import Any

from destinations.form.functions import number
from destinations.form.parts import Draft, Reject

_MILLIS = range(10**11, 10**14)
"""1973 to 5138 in milliseconds. The same years in seconds lie below it, in microseconds above it."""


def require_millis(value: Any, path: str) -> None:
    """Reject a time that is not a whole number of unix milliseconds."""
    if type(value) is not int or value not in _MILLIS:
        raise Reject(f"{path}: {value!r} is not unix milliseconds; give it epoch_millis(timestamp) in the blueprint")


def numeric_or_absent(draft: Draft, key: str) -> None:
    """Make ``record[key]`` a number, or leave it out and record the repair."""
    value = draft.record.get(key)
    if value is None or type(value) in (int, float):
        return
    draft.record[key] = number(value)
    if draft.record[key] is None:
        del draft.record[key]
        draft.repair(f"{key}: {value!r} is not a number; left out")
