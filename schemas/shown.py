"""How a fault shows what it found: short, on one line, valid Unicode, whatever the event held."""

from __future__ import annotations

_LONGEST = 60


def text(value: str) -> str:
    """A piece of foreign text cut short, with lone surrogates and control characters escaped."""
    short = value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)


def value(found: object) -> str:
    """What was found, as a reader of JSON would call it: ``"abc"``, ``true``, ``a list``, ``a Decimal``."""
    if isinstance(found, str):
        return f'"{text(found)}"'
    if found is None or isinstance(found, bool):
        return {None: "null", True: "true", False: "false"}[found]
    if isinstance(found, int):
        return str(int(found)) if found.bit_length() <= 128 else "a huge integer"
    if isinstance(found, float):
        return str(float(found))
    return kind(found)


def kind(found: object) -> str:
    """The sort of thing found: ``an object``, ``a list``, ``a Decimal``."""
    if isinstance(found, dict):
        return "an object"
    if isinstance(found, list | tuple):
        return "a list"
    return f"a {text(type(found).__name__)}"
