"""What a vendor's typed fields must hold, checked after every override of a blueprint has had its say."""

from __future__ import annotations

import re
from typing import Any

from destinations.form.numbers import number
from destinations.form.parts import Draft, Reject

_MILLIS = range(10**11, 10**14)
"""1973 to 5138 in milliseconds. The same years in seconds lie below it, in microseconds above it."""


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def is_email(value: Any) -> bool:
    """Whether ``value`` looks like an email address, as vendors judge that."""
    return type(value) is str and _EMAIL.fullmatch(value) is not None


def require_millis(draft: Draft, key: str) -> None:
    """Reject a time that is not a whole number of unix milliseconds."""
    value = draft.record.get(key)
    if type(value) is not int or value not in _MILLIS:
        raise Reject(f"{key}: {value!r} is not unix milliseconds; give it epoch_millis(timestamp) in the blueprint")


def require_text(draft: Draft, key: str) -> str:
    """The text at ``key``; reject what is none."""
    value = draft.record.get(key)
    if not isinstance(value, str) or not value:
        raise Reject(f"{key}: {value!r} is not text; check the blueprint")
    return value


def require_object(draft: Draft, key: str) -> dict[str, Any]:
    """The object at ``key``, an empty one when there is none; reject what is no object. It may be the event's own."""
    value = draft.record.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Reject(f"{key}: {value!r} is not an object; check the blueprint")
    return value


def numeric_or_absent(draft: Draft, key: str) -> None:
    """Make ``record[key]`` a number, or leave it out and record the repair."""
    value = draft.record.get(key)
    if value is None or type(value) in (int, float):
        return
    draft.record[key] = number(value)
    if draft.record[key] is None:
        del draft.record[key]
        draft.repair(f"{key}: {value!r} is not a number; left out")
