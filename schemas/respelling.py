"""Quick respelling: what Segment's libraries send becomes our spelling, where that is plain to do.

It covers camelCase names, nulls and keys of no meaning at the top, integers as ids, times in any form,
``context.traits``, and consent in Segment's wrapper. Of anything else it is not sure; ``schemas.event_schema`` is.
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
        event[name] = str(value) if type(value) is int and name in IDS and 0 <= value < _TOO_LONG else value
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
    if context is None or any(context.get(key, "") is None for key in _OWN_KEYS):
        return False
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
    """Let traits of the context count as the event's, whose own win. Flat ones, as there they may nest less deep."""
    traits, own = context.pop("traits", {}), event.get("traits", {})
    if type(traits) is not dict or type(own) is not dict or not _PLAIN.issuperset(map(type, traits.values())):
        return False
    if traits:
        event["traits"] = {**traits, **own}
    return True
