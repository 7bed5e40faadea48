"""Numbers as vendors want them: finite, and in their shortest form."""

from __future__ import annotations

import math
import re
from typing import Any

_NUMERAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_EXACT = 2**53


def shortest(value: Any) -> int | float | None:
    """Read a JSON number or a numeral in a string: ``"7.20"`` → ``7.2``, ``"7"`` → ``7``, ``7.0`` → ``7``.

    Booleans, other text, and what is not finite are no numbers: None.
    """
    kind = type(value)
    if kind is int:
        return value if -_EXACT < value < _EXACT else _large(value)
    if kind is float:
        return _tidy(value)
    if kind is str:
        return _read(value.strip())
    return None


def _read(text: str) -> int | float | None:
    if _WHOLE.fullmatch(text):
        return int(text)
    return _tidy(float(text)) if _NUMERAL.fullmatch(text) else None


def _tidy(value: float) -> int | float | None:
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def _large(value: int) -> int | float | None:
    """JSON writers stop at 64 bits; beyond them a number is its nearest float, if there is one."""
    if -(2**63) <= value < 2**63:
        return value
    try:
        return float(value)
    except OverflowError:
        return None
