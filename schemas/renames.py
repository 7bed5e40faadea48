"""camelCase names become snake_case ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Faults = dict[str, list[str]]


def renamed(found: Mapping[Any, Any], names: Mapping[str, str], faults: Faults, place: str = "") -> dict[Any, Any]:
    """A copy with the keys in ``names`` renamed, and without nulls under any of those names.

    Both spellings with different values are a fault at ``place``; with the same value they are one.
    """
    copy = {key: value for key, value in found.items() if key not in names}
    for old, new in names.items():
        value = found.get(old)
        if value is None:
            continue
        if copy.get(new) is None:
            copy[new] = value
        elif copy[new] != value:
            faults.setdefault(f"{place}{new}", []).append(f"is given twice, as {old} too, and differs; keep one")
    return copy
