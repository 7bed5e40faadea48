"""Numbers as vendors want them: finite, and in their shortest form."""

from __future__ import annotations

from math import isfinite
from typing import Any

_EXACT = 2**53


def shortest(value: Any) -> int | float | None:
    """Read a JSON number or a numeral in a string: ``"7.20"`` → ``7.2``, ``"7"`` → ``7``, ``7.0`` → ``7``.

    Booleans, other text, and what is not finite are no numbers: None.
    """
    kind = type(value)
    if kind is str:
        number = _read(value)
    elif kind is float:
        number = value
    elif kind is int:
        return value if -_EXACT < value < _EXACT else _large(value)
    else:
        return None
    if number is None or not isfinite(number):
        return None
    return int(number) if number.is_integer() and -_EXACT < number < _EXACT else number


def _read(text: str) -> float | None:
    """Python's own reading, without its extras: ``1_000`` and other scripts' digits."""
    try:
        return float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        return None


def _large(value: int) -> int | float | None:
    """JSON writers stop at 64 bits; beyond them a number is its nearest float, if there is one."""
    if -(2**63) <= value < 2**63:
        return value
    try:
        return float(value)
    except OverflowError:
        return None
