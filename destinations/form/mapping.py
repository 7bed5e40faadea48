"""A blueprint as data: a variant, what an integration overrides of it, and the difference between the two.

A blueprint is ``{"unmapped": "drop"|"forward", "events": {event: name | {"name", "fields"}}, "fields": {target:
expression}, "rest": {"from", "into", "style", "except", "named"}}``; every part may be absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Blueprint = Mapping[str, Any]
_REST = {"from": "properties", "into": "", "style": "as_is", "except": [], "named": "omit"}


def merge(
    variant: Blueprint, override: Blueprint | None = None, extra_events: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The effective blueprint: ``variant``, then ``extra_events``, then ``override``, whose nulls remove entries."""
    override = override or {}
    events = _overlay(_events(variant.get("events")), _events(extra_events))
    return {
        "unmapped": override.get("unmapped") or variant.get("unmapped") or "drop",
        "events": _named(_overlay(events, _events(override.get("events")))),
        "fields": _overlay(variant.get("fields") or {}, override.get("fields") or {}),
        "rest": _rest(variant, override),
    }


def _events(events: Mapping[str, Any] | None) -> dict[str, Any]:
    """Every row in its long form; a null stays a null."""
    return {event: {"name": row} if isinstance(row, str) else row for event, row in (events or {}).items()}


def _named(events: Mapping[str, Any]) -> dict[str, Any]:
    """A row without a vendor's name keeps the event's own."""
    return {
        event: {"name": row.get("name") or event, "fields": row.get("fields") or {}} for event, row in events.items()
    }


def _rest(variant: Blueprint, override: Blueprint) -> dict[str, Any] | None:
    if "rest" in override and override["rest"] is None:
        return None
    parts = [part for part in (variant.get("rest"), override.get("rest")) if part is not None]
    if not parts:
        return None
    return _REST | {key: value for part in parts for key, value in part.items() if value is not None}


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` on ``below``, mapping by mapping; what is null above is gone."""
    merged = dict(below)
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            under = merged.get(key)
            merged[key] = _overlay(under if isinstance(under, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged


def difference(before: Blueprint, after: Blueprint) -> list[str]:
    """What changed, a line each: ``- fields.value: number(properties.revenue)``, ``+ events.Signed Up: signed_up``."""
    old, new = _lines(before), _lines(after)
    changed = [path for path in old | new if old.get(path) != new.get(path)]
    return [
        f"{sign} {path}: {side[path]}" for path in changed for sign, side in (("-", old), ("+", new)) if path in side
    ]


def _lines(blueprint: Blueprint) -> dict[str, str]:
    lines = {"unmapped": str(blueprint["unmapped"])}
    for event, row in blueprint["events"].items():
        lines[f"events.{event}"] = row["name"]
        lines |= {f"events.{event}.fields.{target}": str(text) for target, text in row["fields"].items()}
    lines |= {f"fields.{target}": str(text) for target, text in blueprint["fields"].items()}
    return lines | {f"rest.{key}": str(value) for key, value in (blueprint["rest"] or {}).items()}
