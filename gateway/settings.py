"""The gateway's settings from the environment, read once; what it shares with the fleet is in ``workers.settings``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

from environs import Env


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, with defaults.

    ``workers``   processes that answer
    ``threads``   requests that one process answers at once
    ``proxies``   trusted proxies in front, whose ``X-Forwarded-For`` tells the caller's address
    ``patience``  seconds to keep trying while Redis is not to be reached
    """

    host: str
    port: int
    workers: int
    threads: int
    proxies: int
    patience: float


@cache
def settings() -> Settings:
    """The settings of this process."""
    env = Env(prefix="FLEET_GATEWAY_")
    return Settings(
        host=env.str("HOST", "127.0.0.1"),
        port=env.int("PORT", 8084),
        workers=env.int("WORKERS", os.cpu_count() or 1),
        threads=env.int("THREADS", 16),
        proxies=env.int("PROXIES", 0),
        patience=env.float("PATIENCE", 2.0),
    )
