"""The admin API's settings from the environment, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from environs import Env

NOBODY = "admin"
"""What the holder of a token without a name is called in the log of changes."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, with defaults.

    ``tokens``   token → who holds it; without any the admin API is off
    ``tries``    wrong tokens that one address may try a minute
    ``streams``  live streams that one process serves at once: each takes one of its threads
    ``stream_seconds``  how long one stream lasts; a browser then opens the next by itself
    """

    tokens: Mapping[str, str]
    tries: int
    streams: int
    stream_seconds: float


@cache
def settings() -> Settings:
    """The settings of this process."""
    env = Env(prefix="FLEET_ADMIN_")
    return Settings(
        tokens=dict(map(named, filter(None, env.list("TOKEN", [])))),
        tries=env.int("TRIES", 10),
        streams=env.int("STREAMS", 4),
        stream_seconds=env.float("STREAM_SECONDS", 600.0),
    )


def named(entry: str) -> tuple[str, str]:
    """A token and who holds it: ``alice:TOKEN``, or the token alone."""
    name, colon, token = entry.strip().rpartition(":")
    return (token, name) if colon and name else (token, NOBODY)
