"""Revisions: what an integration's last specifications said, each without its secrets.

In a secret's place stands the revision it was given at, which tells whether it changed, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from destinations.form.masking import MASK
from workers import keys
from workers.changes import Author
from workers.connection import redis
from workers.dead_letters import iso
from workers.registry import Document
from workers.secrets import is_locked

REVISIONS_KEPT = 100
"""Of so many revisions of an integration it is kept what they said."""


class RevisionGone(Exception):
    """Of that revision nothing is kept; the message says so."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision: its number, when and by whom it was stored, and its specification without secrets."""

    number: int
    at: str
    by: str
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of a specification that two revisions say differently; None where one does not say it."""

    path: str
    before: Any
    after: Any


def public(document: Document) -> dict[str, Any]:
    """A document's specification without its secrets: ``*** (revision 3)`` for one given at revision 3."""
    given: Mapping[str, int] = document["secrets"]
    config = {
        field: f"{MASK} (revision {given[field]})" if is_locked(value) else value
        for field, value in document["spec"]["config"].items()
    }
    return {**document["spec"], "config": config}


def is_masked(value: Any) -> bool:
    """Whether a value only stands for a secret, as shown here or by a masked specification."""
    return isinstance(value, str) and (value == MASK or value.startswith(f"{MASK} (revision "))


def packed(document: Document, author: Author) -> bytes:
    """A revision as kept."""
    seconds, micros = redis().time()
    at = iso(seconds * 1000 + micros // 1000)
    return orjson.dumps({"at": at, "by": author.by, "spec": public(document)})


def kept(name: str, number: int) -> Revision:
    """One revision of an integration. ``RevisionGone`` when it is kept no longer, or never was."""
    text = redis().hget(keys.history(name), str(number))
    if text is None:
        raise RevisionGone(f"revision {number} is kept no longer (the last {REVISIONS_KEPT} are)")
    return Revision(number, **orjson.loads(text))


def all_kept(name: str) -> list[Revision]:
    """Every revision kept, the latest first."""
    found: Any = redis().hgetall(keys.history(name))
    revisions = [Revision(int(number), **orjson.loads(text)) for number, text in found.items()]
    return sorted(revisions, key=lambda revision: -revision.number)


def differences(before: Mapping[str, Any], after: Mapping[str, Any], place: str = "") -> Iterator[Difference]:
    """What two specifications say differently, part by part, in the order of their paths."""
    for key in sorted({*before, *after}):
        one, other = before.get(key), after.get(key)
        path = f"{place}.{key}" if place else key
        if isinstance(one, dict) and isinstance(other, dict):
            yield from differences(one, other, path)
        elif one != other:
            yield Difference(path, one, other)
