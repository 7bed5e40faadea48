"""Pre-flight warnings, counted for people; no event's fate hangs on them."""

from __future__ import annotations

from collections import Counter

from workers import keys
from workers.connection import redis

KINDS_KEPT = 200


def note_warnings(name: str, warned: Counter[str]) -> None:
    """Count an integration's warnings, up to so many different ones."""
    key = keys.warned(name)
    if redis().hlen(key) >= KINDS_KEPT:
        return
    with redis().pipeline(transaction=False) as pipe:
        for text, number in warned.items():
            pipe.hincrby(key, text, number)
        pipe.execute()
