"""Quick respelling: what Segment's libraries send becomes our spelling, where that is plain to do.

It covers camelCase names, nulls and keys of no meaning at the top, integers as ids, times in any form,
``context.traits`` that nest once, and consent in Segment's wrapper. Of anything else it is not sure;
``schemas.event_schema`` is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.moment import is_written, utc_text
from schemas.vocabulary import CONTEXT_NAMES, EVENT_NAMES, IDS, KEYS, MOMENTS

_NAMES = EVENT_NAMES | {key: key for key in KEYS}
_PLAIN = frozenset({str, int, float, bool, type(None)})
_TOO_LONG = 10**18
_OWN_KEYS = ("traits", "consent")
_WRAPPER = "categoryPreferences"


def respelt(raw: Mapping[Any, Any]) -> dict[str, Any] | None:
    """A copy in our spelling, its objects shared where they need no change; None for *not sure*."""
    event: dict[str, Any] = {}
    for key, value in raw.items():
        name = _NAMES.get(key)
        if name is None or value is None:
            continue
        if name in event:
            return None
        event[name] = str(value) if type(value) is int and name in IDS and -_TOO_LONG < value < _TOO_LONG else value
    for name in MOMENTS & event.keys():
        moment = _moment(event[name])
        if moment is None:
            return None
        event[name] = moment
    return event if "context" not in event or _respell_context(event) else None


def _moment(value: Any) -> str | None:
    if type(value) is str and is_written(value):
        return value
    try:
        return utc_text(value)
    except ValueError:
        return None


def _respell_context(event: dict[str, Any]) -> bool:
    """Give an event a context in our spelling; whether that was plain to do."""
    if type(event["context"]) is not dict:
        return False
    context = _renamed(event["context"])
    if context is None:
        return False
    for key in _OWN_KEYS:
        if context.get(key, "") is None:
            del context[key]
    for key, value in context.items():
        if type(value) is dict and key not in _OWN_KEYS and not CONTEXT_NAMES.keys().isdisjoint(value):
            below = _renamed(value)
            if below is None:
                return False
            context[key] = below
    event["context"] = context
    _unwrap_consent(context)
    return _move_traits(event, context)


def _renamed(found: dict[Any, Any]) -> dict[Any, Any] | None:
    """A copy with Segment's names in ours, without nulls under those; None when a name is given twice."""
    if CONTEXT_NAMES.keys().isdisjoint(found):
        return dict(found)
    kept = [(key, value) for key, value in found.items() if value is not None or key not in CONTEXT_NAMES]
    renamed = {CONTEXT_NAMES.get(key, key): value for key, value in kept}
    return renamed if len(renamed) == len(kept) else None


def _unwrap_consent(context: dict[Any, Any]) -> None:
    consent = context.get("consent")
    if type(consent) is dict and consent.keys() == {_WRAPPER}:
        context["consent"] = consent[_WRAPPER]


def _move_traits(event: dict[str, Any], context: dict[Any, Any]) -> bool:
    """Let traits of the context count as the event's, whose own win; nested once at most: there it may be less deep."""
    traits, own = context.pop("traits", {}), event.get("traits", {})
    if type(traits) is not dict or type(own) is not dict or not all(map(_is_shallow, traits.values())):
        return False
    if not all(_is_harmless(traits[key]) for key in traits.keys() & own.keys()):
        return False
    if traits:
        event["traits"] = {**traits, **own}
    return True


def _is_shallow(value: Any) -> bool:
    """Whether a value is none that holds others, or an object or list of such ones: an address."""
    kind = type(value)
    if kind is dict or kind is list:
        return _PLAIN.issuperset(map(type, value.values() if kind is dict else value))
    return kind in _PLAIN


def _is_harmless(value: Any) -> bool:
    """Whether nothing can be wrong with a value that is dropped, and not looked at again."""
    if type(value) is str:
        return value.isascii()
    return value is None or type(value) is bool or (type(value) is int and -_TOO_LONG < value < _TOO_LONG)
