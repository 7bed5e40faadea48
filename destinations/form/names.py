"""Property names in the styles a blueprint's ``rest`` may ask for."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W_A-Z]+|[A-Z]+")
_INITIALS = {"id": "ID", "ids": "IDs", "ip": "IP", "sku": "SKU", "url": "URL"}


def words(name: str) -> list[str]:
    """Split ``order_id``, ``orderId`` or ``Order ID`` into lower-case words."""
    return [word.lower() for word in _WORD.findall(name)]


@lru_cache(maxsize=8192)
def title(name: str) -> str:
    """``order_id`` → ``Order ID``."""
    return " ".join(_INITIALS.get(word, word.capitalize()) for word in words(name)) or name


@lru_cache(maxsize=8192)
def camel(name: str) -> str:
    """``order_id`` → ``orderId``."""
    first, *others = words(name) or [name]
    return first + "".join(word.capitalize() for word in others)


@lru_cache(maxsize=8192)
def snake(name: str) -> str:
    """``orderId`` → ``order_id``."""
    return "_".join(words(name)) or name


STYLES: dict[str, Callable[[str], str] | None] = {"as_is": None, "title": title, "camel": camel, "snake": snake}
