"""Write keys: what a producer shows the HTTP door to hand in events for one pipeline.

A key is 192 random bits, so its plain SHA-256 is as good as a slow hash and is all that is kept. It may be read in a
browser's page: it lets events in, and nothing out.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from redis.exceptions import ResponseError

from workers import keys, scripts
from workers.changes import PROGRAM, Author, packed
from workers.connection import redis
from workers.dead_letters import iso
from workers.process import per_process
from workers.settings import settings

PREFIX = "wk_"
ID_LENGTH = 12
SECONDS_KNOWN = 2.0
"""How long a process believes what it has found: a revoked key may be good for so long."""

MOST_KNOWN = 10_000


class Unknown(LookupError):
    """There is no such pipeline, or no such write key of it. The message says which, and what there is."""


@dataclass(frozen=True, slots=True)
class WriteKey:
    """What is known of a write key that can no longer be shown. ``until``: when a rotated one ends; times in ms."""

    id: str
    pipeline: str
    name: str
    created: int
    until: int | None = None

    def shown(self) -> dict[str, Any]:
        """It, for people and programs: times as ISO 8601 UTC."""
        until = iso(self.until) if self.until else None
        row = {"id": self.id, "pipeline": self.pipeline, "name": self.name}
        return {**row, "created_at": iso(self.created), "until": until}


@dataclass(frozen=True, slots=True)
class Source:
    """What a write key opens: a pipeline, which pages may use it, and how many events a second (None: any)."""

    key_id: str
    pipeline: str
    origins: frozenset[str]
    rate: float | None


def create(pipeline: str, name: str = "", author: Author = PROGRAM) -> tuple[WriteKey, str]:
    """Make a write key: what is known of it, and the key, which is shown only now. ``Unknown``: no such pipeline."""
    return _put(pipeline, name, "", 0, partial(packed, author, "write key created"))


def rotate(pipeline: str, key_id: str, keep_ms: int = 0, author: Author = PROGRAM) -> tuple[WriteKey, str]:
    """Replace a write key by a new one of the same name. The former stays good for ``keep_ms``. ``Unknown``."""
    former, digest = _one(pipeline, key_id)
    return _put(pipeline, former.name, digest, keep_ms, partial(packed, author, "write key rotated"))


def revoke(pipeline: str, key_id: str, author: Author = PROGRAM) -> WriteKey:
    """End a write key now; what it was. Gateways notice within two seconds. ``Unknown``."""
    former, digest = _one(pipeline, key_id)
    noted = packed(author, "write key revoked", pipeline, {"id": key_id, "name": former.name})
    scripts.call(redis(), "end_write_key", (keys.WRITE_KEYS, keys.CHANGES), (digest, noted, settings().changes_kept))
    return former


def listed(pipeline: str | None = None) -> list[WriteKey]:
    """The write keys of a pipeline, or of all, the oldest first."""
    found = (key for key, _ in _all() if pipeline in (None, key.pipeline))
    return sorted(found, key=lambda key: (key.pipeline, key.created, key.id))


def look_up(key: str) -> Source | None:
    """What a write key opens; None when it opens nothing, or its pipeline is gone."""
    known, now, digest = _known(), time.monotonic(), _digest(key)
    source, until = known.get(digest, (None, 0.0))
    if until > now:
        return source
    source = _found(digest)
    if source is None:
        known.pop(digest, None)
    else:
        if len(known) >= MOST_KNOWN:
            known.clear()
        known[digest] = source, now + SECONDS_KNOWN
    return source


def spend(source: Source, events: int) -> float:
    """Count events against a key's rate: 0 when they may come in, else the seconds after which to try again.

    A second's worth may come at once, and a larger batch when nothing is owed.
    """
    if source.rate is None:
        return 0.0
    numbers = (1_000_000 / source.rate, max(1, int(source.rate)), events)
    wait_ms = scripts.call(redis(), "spend", (keys.limit(f"write-key/{source.key_id}", 1),), numbers)
    return int(wait_ms) / 1000


@per_process
def _known() -> dict[str, tuple[Source | None, float]]:
    """What this process has found: by digest, with when it must look again."""
    return {}


def _found(digest: str) -> Source | None:
    answer = scripts.call(redis(), "find_write_key", (keys.WRITE_KEYS, keys.PIPELINES), (digest,))
    if answer is None:
        return None
    document, pipeline = map(orjson.loads, answer)
    return Source(document["id"], document["pipeline"], frozenset(pipeline.get("origins") or ()), pipeline.get("rate"))


def _put(pipeline: str, name: str, former: str, keep_ms: int, noted: Callable[..., bytes]) -> tuple[WriteKey, str]:
    key = PREFIX + secrets.token_urlsafe(24)
    digest = _digest(key)
    try:
        names = (keys.WRITE_KEYS, keys.PIPELINES, keys.CHANGES)
        change = noted(pipeline, {"id": digest[:ID_LENGTH], "name": name})
        arguments = (pipeline, digest, digest[:ID_LENGTH], name, former, keep_ms, change, settings().changes_kept)
        created = scripts.call(redis(), "put_write_key", names, arguments)
    except ResponseError as error:
        if str(error) == "PIPELINE":
            raise Unknown(f"there is no pipeline {pipeline!r}; add it with: fleet apply FILE") from error
        raise
    return WriteKey(digest[:ID_LENGTH], pipeline, name, int(created)), key


def _one(pipeline: str, key_id: str) -> tuple[WriteKey, str]:
    theirs = {key.id: (key, digest) for key, digest in _all() if key.pipeline == pipeline}
    if key_id not in theirs:
        there = f"; there are {', '.join(theirs)}" if theirs else "; it has none"
        raise Unknown(f"pipeline {pipeline!r} has no write key {key_id!r}{there}")
    return theirs[key_id]


def _all() -> list[tuple[WriteKey, str]]:
    found: Any = redis().hgetall(keys.WRITE_KEYS)
    return [(WriteKey(**orjson.loads(document)), digest.decode()) for digest, document in found.items()]


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
