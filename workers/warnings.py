"""Pre-flight warnings, counted for people; no event's fate hangs on them."""

from __future__ import annotations

from collections import Counter

from workers import keys, scripts
from workers.connection import redis

KINDS_KEPT = 200


def note_warnings(name: str, warned: Counter[str]) -> None:
    """Count an integration's warnings, up to so many different ones."""
    pairs = [part for text, number in warned.items() for part in (text, number)]
    scripts.call(redis(), "warn", (keys.warned(name),), (KINDS_KEPT, *pairs))
