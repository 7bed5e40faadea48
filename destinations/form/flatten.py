"""Nested objects as one level of names, for vendors whose properties have only one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def leaves(value: Mapping[str, Any], separator: str = ".", prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value below ``value`` that is no object, with its joined name; lists stay whole.

    ``{"a": {"b": 1}, "c": [2]}`` → ``("a.b", 1), ("c", [2])``. Two values may come out under one name.
    """
    for key, inner in value.items():
        if type(inner) is dict:
            yield from leaves(inner, separator, f"{prefix}{key}{separator}")
        else:
            yield f"{prefix}{key}", inner
