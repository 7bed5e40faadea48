"""Foreseeable faults, told to people: what is wrong, where, and what to do."""

from __future__ import annotations

from typing import IO, Any
from urllib.parse import urlsplit

import click
from environs import EnvError
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from workers.apply import Contended
from workers.cli.group import INTERRUPTED
from workers.configuration import InvalidFile
from workers.connection import AWAY
from workers.errors import NotKept
from workers.pauses import NotDelivering
from workers.secrets import SecretKeyError
from workers.settings import settings


class Trouble(click.ClickException):
    """A fault of which the message says all. The exit code is 1."""

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002  # click's signature
        """Write it to standard error."""
        click.secho("fleet: ", fg="red", bold=True, nl=False, err=True)
        click.echo(self.message, err=True)


class Unparsed(Trouble):
    """Input that does not parse."""

    exit_code = 2


class CutShort(Trouble):
    """Ctrl-C ended something half done, and what was done is worth saying."""

    exit_code = INTERRUPTED


def told(error: Exception) -> Trouble | None:
    """A foreseeable exception in a sentence; None for one that is a bug."""
    if isinstance(error, InvalidFile):
        return Trouble("\n".join([_count(error.faults), *error.faults]))
    if isinstance(error, NotKept | SecretKeyError | Contended | NotDelivering):
        return Trouble(str(error))
    if isinstance(error, EnvError):
        return Trouble(f"the environment is not right: {error}")
    return _of_redis(error) if isinstance(error, RedisError) else None


def _of_redis(error: RedisError) -> Trouble | None:
    place = f"Redis at {shown_url(settings().redis_url)}"
    if isinstance(error, AuthenticationError | NoPermissionError):
        return Trouble(f"{place} does not let us in ({error}); correct user and password in FLEET_REDIS_URL")
    if isinstance(error, AWAY):
        return Trouble(f"{place} does not answer ({error}); start it, or correct FLEET_REDIS_URL")
    if isinstance(error, OutOfMemoryError):
        return Trouble(f"{place} is out of memory; deliveries make room, or raise its maxmemory")
    if isinstance(error, ReadOnlyError):
        return Trouble(f"{place} is a replica, which takes no writes; point FLEET_REDIS_URL at the primary")
    if isinstance(error, ResponseError) and "ompiling script" in str(error):
        return Trouble(f"{place} is too old; the fleet needs Redis or Valkey 7 or newer")
    return None


def shown_url(url: str) -> str:
    """A Redis URL as it may be shown: user, password and options left out."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _count(faults: list[str]) -> str:
    return "one fault; nothing was done:" if len(faults) == 1 else f"{len(faults)} faults; nothing was done:"
