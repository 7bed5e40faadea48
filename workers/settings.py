"""Settings from the environment, read once. Every number of the fleet that an operator may turn is here."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from environs import Env
from marshmallow.validate import OneOf


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, with defaults. Times are in milliseconds where the name says so, else in seconds.

    ``patience`` multiplies the waits before retries and of holds that no vendor stated; for tests, which have little.
    """

    redis_url: str
    broker_url: str
    secret_keys: tuple[str, ...]
    lanes: int
    pool: str
    slots: int
    processes: int
    grace_seconds: float
    durable_seconds: float
    ping_seconds: float
    deaf_seconds: float
    box_seconds: float
    linger_seconds: float
    ticket_ms: int
    sleep_ms: int
    fan_out: int
    full_percent: int
    stop_percent: int
    patience: float
    person_days: int
    age_ms: int
    letters_kept: int
    letter_days: int
    tombstone_days: int
    samples_kept: int
    samples_per_second: int
    fates_kept: int
    changes_kept: int
    log_format: str
    log_level: int
    flower_password: str | None
    sentry_dsn: str | None
    alarm_seconds: float
    environment: str
    release: str | None


@cache
def settings() -> Settings:
    """The settings of this process."""
    env = Env(prefix="FLEET_")
    redis_url = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
    return Settings(
        redis_url=redis_url,
        broker_url=celery_url(env.str("BROKER_URL", redis_url)),
        secret_keys=tuple(env.list("SECRET_KEY", [])),
        lanes=env.int("LANES", 16),
        pool=env.str("POOL", "threads"),
        slots=env.int("SLOTS", 32),
        processes=env.int("PROCESSES", os.cpu_count() or 1),
        grace_seconds=env.float("GRACE_SECONDS", 15.0),
        durable_seconds=env.float("DURABLE_SECONDS", 3.0),
        ping_seconds=env.float("PING_SECONDS", 3.0),
        deaf_seconds=env.float("DEAF_SECONDS", 15.0),
        box_seconds=env.float("BOX_SECONDS", 1.0),
        linger_seconds=env.float("LINGER_SECONDS", 0.03),
        ticket_ms=env.int("TICKET_MS", 3_000),
        sleep_ms=env.int("SLEEP_MS", 250),
        fan_out=env.int("FAN_OUT", 8),
        full_percent=env.int("FULL_PERCENT", 80),
        stop_percent=env.int("STOP_PERCENT", 90),
        patience=env.float("PATIENCE", 1.0),
        person_days=env.int("PERSON_DAYS", 396),
        age_ms=env.int("AGE_MS", 86_400_000),
        letters_kept=env.int("LETTERS_KEPT", 100_000),
        letter_days=env.int("LETTER_DAYS", 30),
        tombstone_days=env.int("TOMBSTONE_DAYS", 30),
        samples_kept=env.int("SAMPLES_KEPT", 1_000),
        samples_per_second=env.int("SAMPLES_PER_SECOND", 20),
        fates_kept=env.int("FATES_KEPT", 100_000),
        changes_kept=env.int("CHANGES_KEPT", 10_000),
        log_format=env.str("LOG_FORMAT", "console", validate=OneOf(("console", "json"))),
        log_level=env.log_level("LOG_LEVEL", logging.INFO),
        flower_password=env.str("FLOWER_PASSWORD", None),
        sentry_dsn=env.str("SENTRY_DSN", None),
        alarm_seconds=env.float("ALARM_SECONDS", 300.0),
        environment=env.str("ENVIRONMENT", "production"),
        release=env.str("RELEASE", None),
    )


def celery_url(url: str) -> str:
    """A broker URL as Celery takes it.

    ``unix:///run/r.sock?db=1`` is ``redis+socket:///run/r.sock?virtual_host=1`` there, and ``rediss://`` would
    not check the server's certificate unless told to.
    """
    parts = urlsplit(url)
    query = parts.query
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}" + (f"?{query.replace('db=', 'virtual_host=')}" if query else "")
    if parts.scheme == "rediss" and "ssl_cert_reqs" not in query:
        return parts._replace(query=f"{query}&ssl_cert_reqs=required".lstrip("&")).geturl()
    return url
