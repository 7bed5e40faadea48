"""Quick acceptance: recognises an event that is already normal, in plain Python; of any other it is not sure.

``tests/unit/schemas/test_quick.py`` proves that whatever is accepted here, ``schemas.event_schema`` loads to the same.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from schemas.moment import is_written
from schemas.vocabulary import (
    CONTEXT_NAMES,
    IDS,
    KEYS,
    LONGEST_TEXT,
    MOMENTS,
    NEEDS,
    OBJECTS,
    TEXTS,
    TYPES,
    EventLimits,
)

_TYPES = frozenset(TYPES)
_WORDS = TEXTS | IDS
_SIMPLE = frozenset({str, int, bool, type(None)})
_PLAIN = _SIMPLE | {float, dict, list}
_DEEP = frozenset({dict, list})
_BOOL = frozenset({bool})
_ODD_CONTEXT = frozenset(CONTEXT_NAMES)
_ODD_CONSENT = frozenset({"categoryPreferences", "category_preferences"})


def accept(raw: dict[Any, Any], limits: EventLimits) -> dict[str, Any] | None:
    """The normal form without the stamps, its objects shared with ``raw``; or None for *not sure*.

    Leaves to the JSON encoder what that checks anyway: Unicode, 64 bits, string keys, the size in bytes.
    """
    if not raw.keys() <= KEYS:
        return None
    objects = []
    for key, value in raw.items():
        if type(value) is dict and key in OBJECTS:
            objects.append(value)
        elif type(value) is not str or not _is_good(key, value):
            return None
    if not (_has_needs(raw) and _is_plain(objects, limits) and _is_normal_context(raw.get("context"))):
        return None
    return {"properties": {}, "traits": {}, "context": {}, **raw}


def _is_good(key: str, value: str) -> bool:
    if key in _WORDS:
        return len(value) <= LONGEST_TEXT and bool(value.strip())
    return is_written(value) if key in MOMENTS else value in _TYPES


def _has_needs(raw: dict[str, Any]) -> bool:
    if "type" not in raw or not ("user_id" in raw or "anonymous_id" in raw):
        return False
    return all(key in raw for key in NEEDS.get(raw["type"], ()))


def _is_plain(level: list[Any], limits: EventLimits) -> bool:
    """Whether objects at depth 2, and all below them, hold nothing but finite JSON, level by level."""
    seen = 0
    for _ in range(limits.max_depth - 1):
        below: list[Any] = []
        for container in level:
            values = container.values() if type(container) is dict else container
            seen += len(values)
            kinds = set(map(type, values))
            if kinds <= _SIMPLE:
                continue
            if not kinds <= _PLAIN or seen > limits.max_bytes:
                return False
            if float in kinds and not all(isfinite(value) for value in values if type(value) is float):
                return False
            if not kinds.isdisjoint(_DEEP):
                below += [value for value in values if type(value) in _DEEP]
        if not below:
            return True
        level = below
    return False


def _is_normal_context(context: dict[Any, Any] | None) -> bool:
    if not context:
        return True
    if "traits" in context or not _ODD_CONTEXT.isdisjoint(context):
        return False
    if "consent" in context and not _is_normal_consent(context["consent"]):
        return False
    return all(_ODD_CONTEXT.isdisjoint(value) for value in context.values() if type(value) is dict)


def _is_normal_consent(consent: Any) -> bool:
    return type(consent) is dict and _BOOL.issuperset(map(type, consent.values())) and _ODD_CONSENT.isdisjoint(consent)
