"""Numbers as vendors want them: finite, and in their shortest form."""

from __future__ import annotations

from math import isfinite, nan
from typing import Any

_EXACT = 2**53


def number(value: Any) -> int | float | None:
    """A number, or the number a text spells: `"89.90"` → `89.9`.

    In its shortest form: ``"7"`` and ``7.0`` → ``7``. Booleans, other text, and what is not finite: None.
    """
    kind = type(value)
    if kind is int:
        return value if -_EXACT < value < _EXACT else _large(value)
    if kind is float:
        read = value
    elif kind is str:
        read = _read(value)
    else:
        return None
    if read.is_integer():
        return int(read) if -_EXACT < read < _EXACT else read
    return read if isfinite(read) else None


def _read(text: str) -> float:
    """Python's own reading, without its extras: ``1_000`` and other scripts' digits. What is no number is NaN."""
    try:
        return float(text) if text.isascii() and "_" not in text else nan
    except ValueError:
        return nan


def _large(value: int) -> int | float | None:
    """JSON writers stop at 64 bits; beyond them a number is its nearest float, if there is one."""
    if -(2**63) <= value < 2**63:
        return value
    try:
        return float(value)
    except OverflowError:
        return None
