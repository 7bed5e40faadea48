"""JSON for people: what fits a line stays on one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

INDENT = "  "


def pretty(value: Any, width: int, lead: str = "") -> Iterator[str]:
    """The lines of a JSON value, at most ``width`` wide where its texts allow. ``lead`` begins the first one."""
    flat = lead + json.dumps(value, ensure_ascii=False)
    if len(flat) <= width or not isinstance(value, (dict, list)):
        yield flat
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield lead + opening
    members = list(_members(value, width - len(INDENT)))
    for position, lines in enumerate(members):
        *first, last = lines
        yield from (INDENT + line for line in first)
        yield INDENT + last + ("," if position < len(members) - 1 else "")
    yield closing


def _members(value: Any, width: int) -> Iterator[list[str]]:
    if isinstance(value, dict):
        yield from (list(pretty(inner, width - 1, f"{json.dumps(key)}: ")) for key, inner in value.items())
    else:
        yield from (list(pretty(inner, width - 1)) for inner in value)
