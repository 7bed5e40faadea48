"""Formats: how the fleet's data lies in Redis. Every key begins with its number; a program works on its own alone."""

from __future__ import annotations

from redis import Redis

from workers import keys
from workers.errors import UnknownFormat

LOOKED_FOR = 20
"""So many later formats are looked for."""


def check(redis: Redis) -> None:
    """Raise ``UnknownFormat`` when the fleet in this Redis is of a later format, or says that it is of another one."""
    kept = redis.hget(keys.FLEET, "format")
    if kept is not None and int(kept) != keys.FORMAT:
        raise unknown(int(kept))
    later = range(keys.FORMAT + 1, keys.FORMAT + 1 + LOOKED_FOR)
    with redis.pipeline(transaction=False) as pipe:
        for number in later:
            pipe.exists(keys.FLEET.replace(keys.PREFIX, f"fleet:{number}", 1))
        found = [number for number, there in zip(later, pipe.execute(), strict=True) if there]
    if found:
        raise unknown(max(found))


def unknown(found: int) -> UnknownFormat:
    """What to say of a format that is not ours."""
    return UnknownFormat(
        f"the fleet in this Redis has format {found}, this program knows format {keys.FORMAT} alone: "
        "run the version that the fleet was installed with (docs/upgrading.md)"
    )
