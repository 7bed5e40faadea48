"""Whether Redis is set up to keep events: what workers warn of when they start, and ``fleet status`` shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redis import Redis

OLDEST = 7


def weaknesses(redis: Redis) -> list[str]:
    """Each way in which this Redis may lose events, with the remedy; none when all is well."""
    return unsound({**redis.info("server"), **redis.info("memory"), **redis.info("persistence")})


def unsound(info: Mapping[str, Any]) -> list[str]:
    """The same, of what ``INFO`` says."""
    found = []
    version = str(info["redis_version"])
    if int(version.partition(".")[0]) < OLDEST:
        found.append(f"Redis {version} is too old: the fleet needs {OLDEST} or newer")
    policy = info["maxmemory_policy"]
    if policy != "noeviction":
        found.append(f"Redis throws events away when it is full (maxmemory-policy {policy}): set it to noeviction")
    if not info["aof_enabled"]:
        found.append("Redis forgets events when it ends (appendonly no): set appendonly yes")
    elif info["aof_last_write_status"] != "ok":
        found.append("Redis cannot write to its disk (aof_last_write_status): make room there")
    return found
