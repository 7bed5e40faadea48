"""Consent: ``{category: true or false}``, however it was written."""

from __future__ import annotations

from typing import Any

from schemas import shown
from schemas.renames import Faults

WRAPPERS = ("categoryPreferences", "category_preferences")
"""Where Segment keeps the categories: https://segment.com/docs/privacy/consent-management/"""


def categories(found: Any, faults: Faults) -> dict[str, bool]:
    """The categories of a plain ``context.consent`` object; a null category is unknown and left out.

    Beside Segment's ``categoryPreferences``, other booleans count as categories and anything else is ignored.
    """
    if not isinstance(found, dict):
        faults["consent"] = [f'must be an object like {{"marketing": true}}, not {shown.value(found)}']
        return {}
    wrapped = [key for key in WRAPPERS if found.get(key) is not None]
    kept = _booleans({k: v for k, v in found.items() if k not in WRAPPERS}, faults, "consent", strict=not wrapped)
    for wrapper in wrapped:
        for category, granted in _wrapped(found[wrapper], faults, f"consent.{wrapper}").items():
            if kept.setdefault(category, granted) is not granted:
                faults[f"consent.{shown.text(category)}"] = ["is both granted and denied; keep one"]
    return kept


def _wrapped(found: Any, faults: Faults, place: str) -> dict[str, bool]:
    if isinstance(found, dict):
        return _booleans(found, faults, place, strict=True)
    faults[place] = [f'must be an object like {{"marketing": true}}, not {shown.value(found)}']
    return {}


def _booleans(found: dict[str, Any], faults: Faults, place: str, *, strict: bool) -> dict[str, bool]:
    kept = {}
    for category, granted in found.items():
        if category in WRAPPERS:
            faults[f"{place}.{category}"] = ["is no category; give that one another name"]
        elif isinstance(granted, bool):
            kept[category] = granted
        elif strict and granted is not None:
            faults[f"{place}.{shown.text(category)}"] = [f"must be true or false, not {shown.value(granted)}"]
    return kept
