"""Quick acceptance: recognises an event that is already normal, or nearly, in plain Python; of others it is not sure.

What is accepted here, ``schemas.event_schema`` loads to the same: ``tests/unit/schemas/test_event_properties.py``.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from schemas.consent import WRAPPERS
from schemas.moment import is_written
from schemas.respelling import respelt
from schemas.vocabulary import (
    CONTEXT_NAMES,
    IDS,
    LONGEST_TEXT,
    MOMENTS,
    NEEDS,
    OBJECTS,
    TEXTS,
    TYPES,
    EventLimits,
)

_TYPES = frozenset(TYPES)
_WORDS = (TEXTS | IDS) - {"message_id"}
_SIMPLE = frozenset({str, int, bool, type(None)})
_BOOL = frozenset({bool})
_ODD_CONTEXT = frozenset(CONTEXT_NAMES) | {"traits"}
_ODD_CONSENT = frozenset(WRAPPERS)


def accept(raw: dict[Any, Any], limits: EventLimits) -> dict[str, Any] | None:
    """The normal form without the stamps, its objects shared with ``raw``; or None for *not sure*.

    Leaves to the JSON encoder what that checks anyway: Unicode, 64 bits, string keys, the size in bytes.
    """
    event = _accept(raw, limits)
    if event is None:
        again = respelt(raw)
        return None if again is None else _accept(again, limits)
    return event


def _accept(raw: dict[Any, Any], limits: EventLimits) -> dict[str, Any] | None:
    values: list[Any] = []
    for key, value in raw.items():
        kind = type(value)
        if kind is str:
            if key in _WORDS:
                if not 0 < len(value) <= LONGEST_TEXT or value.isspace():
                    return None
            elif not _is_good(key, value):
                return None
        elif kind is dict and key in OBJECTS:
            values += value.values()
        else:
            return None
    if _has_needs(raw) and _is_normal_context(raw.get("context")) and _is_plain(values, limits):
        return {"properties": {}, "traits": {}, "context": {}, **raw}
    return None


def _is_good(key: str, value: str) -> bool:
    if key == "message_id":
        return 0 < len(value) <= LONGEST_TEXT and not value.isspace() and value.isprintable()
    if key in MOMENTS:
        return is_written(value)
    return key == "type" and value in _TYPES


def _has_needs(raw: dict[str, Any]) -> bool:
    if "user_id" not in raw and "anonymous_id" not in raw:
        return False
    for key in NEEDS.get(raw.get("type", ""), ("type",)):  # noqa: SIM110 (a generator costs as much as all the rest)
        if key not in raw:
            return False
    return True


def _is_plain(values: list[Any], limits: EventLimits) -> bool:
    """Whether the values of the event's objects, and all below them, are finite JSON; level by level."""
    for _ in range(limits.max_depth - 2):
        below = _below(values, limits.max_bytes)
        if not below:
            return below is not None
        values = below
    return False


def _below(values: list[Any], most: int) -> list[Any] | None:
    """What the objects and lists among the values hold; None when there is too much of it, or one is not plain."""
    below: list[Any] = []
    for value in values:
        kind = type(value)
        if kind in _SIMPLE:
            continue
        if kind is float:
            if not isfinite(value):
                return None
        elif kind is dict or kind is list:
            below += value.values() if kind is dict else value
            if len(below) > most:
                return None
        else:
            return None
    return below


def _is_normal_context(context: dict[Any, Any] | None) -> bool:
    if not context:
        return True
    if not _ODD_CONTEXT.isdisjoint(context):
        return False
    for value in context.values():
        if type(value) is dict and not _ODD_CONTEXT.isdisjoint(value):
            return False
    return "consent" not in context or _is_normal_consent(context["consent"])


def _is_normal_consent(consent: Any) -> bool:
    return type(consent) is dict and _BOOL.issuperset(map(type, consent.values())) and _ODD_CONSENT.isdisjoint(consent)
