"""Changes: who changed what of the fleet, and when. Never a secret; the last ``FLEET_CHANGES_KEPT`` are kept.

What is one script is written down by that script; what takes many steps is written down before the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from workers import keys, scripts
from workers.connection import redis
from workers.incoming import arrival
from workers.settings import settings
from workers.streams import latest

Noted = dict[str, Any]
"""``{"id", "at", "by", "via", "address", "action", "target", "details"}``."""

LONGEST = 16_384
"""Details larger than so many bytes are left out, which the entry says."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who acts: a name, the door they came through (``api``, ``cli``, ``program``), and from where."""

    by: str = ""
    via: str = "program"
    address: str = ""


PROGRAM = Author()
"""A program that calls us, which says no more of itself."""


def packed(author: Author, action: str, target: str, details: Mapping[str, Any] | None = None) -> bytes:
    """A change as it is written down. ``action``: what was done (``integration changed``); ``target``: to whom."""
    shown = dict(details or {})
    if len(orjson.dumps(shown)) > LONGEST:
        shown = {"left_out": "too large to be kept here"}
    return orjson.dumps({**asdict(author), "action": action, "target": target, "details": shown})


def note(author: Author, action: str, target: str, details: Mapping[str, Any] | None = None) -> None:
    """Write down what is about to be done."""
    entry = packed(author, action, target, details)
    scripts.call(redis(), "note_change", (keys.CHANGES,), (entry, settings().changes_kept))


def changes(target: str | None = None, before: str | None = None) -> Iterator[Noted]:
    """Changes, the latest first, those after the one with id ``before``; only those to ``target`` where it is given."""
    for _, identifier, fields in latest({"": keys.CHANGES}, before):
        noted = orjson.loads(fields[b"change"])
        if target in (None, noted["target"]):
            yield {"id": identifier, "at": arrival(identifier), **noted}
