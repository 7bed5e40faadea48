"""Checks of JSON shapes that several vendors make, each fault with the place it was found at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Faults = list[tuple[str, str]]
"""(JSON pointer, sentence) of everything wrong with a body."""

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
PRINTABLE = re.compile(r"[\x21-\x7e]+")
"""A credential as any vendor hands it out: visible ASCII, no space."""


class Kind(NamedTuple):
    """What a field may hold: a test and its name."""

    test: Callable[[Any], bool]
    wanted: str


def is_number(value: object) -> bool:
    """A JSON number; ``true`` is none."""
    return type(value) in (int, float)


def is_text_map(value: object) -> bool:
    """An object whose values are all strings."""
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


ANYTHING = Kind(lambda _: True, "any value")
TEXT = Kind(lambda value: isinstance(value, str), "a string")
FILLED = Kind(lambda value: isinstance(value, str) and value != "", "a non-empty string")
NUMBER = Kind(is_number, "a number")
FLAG = Kind(lambda value: isinstance(value, bool), "a boolean")
OBJECT = Kind(lambda value: isinstance(value, dict), "an object")
TEXT_MAP = Kind(is_text_map, "an object of strings")
TEXTS = Kind(
    lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value), "a list of strings"
)


def one_of(*values: str) -> Kind:
    """One of the given words."""
    return Kind(lambda value: value in values, "one of " + ", ".join(values))


def nullable(kind: Kind) -> Kind:
    """The same, or null."""
    return Kind(lambda value: value is None or kind.test(value), f"{kind.wanted} or null")


def check_fields(value: Mapping[str, Any], table: Mapping[str, Kind], at: str, faults: Faults) -> None:
    """Add a fault for each field of ``value`` that ``table`` does not know or that is not of its kind."""
    for name, held in value.items():
        kind = table.get(name)
        if kind is None:
            faults.append((f"{at}/{name}", f"'{name}' is not a valid field."))
        elif not kind.test(held):
            faults.append((f"{at}/{name}", f"'{name}' must be {kind.wanted}."))
