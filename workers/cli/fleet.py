"""The way into the fleet that a command takes: its Redis, what is installed there, and warnings for people."""

from __future__ import annotations

import getpass
import os
import socket
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

from destinations.form.integration import Integration
from destinations.form.spelling import did_you_mean
from workers.changes import Author
from workers.cli.trouble import Trouble, shown_url
from workers.connection import redis
from workers.registry import Registry, registry
from workers.settings import settings


def open_fleet(*, quiet: bool = False) -> Registry:
    """What is installed, freshly read. ``quiet`` keeps warnings back, where the command shows them itself."""
    warn_plainly(quiet=quiet)
    reach_redis()
    fleet = registry()
    fleet.refresh()
    return fleet


def reach_redis() -> None:
    """Make this process's client; a ``FLEET_REDIS_URL`` that is none is told."""
    try:
        redis()
    except ValueError as error:
        url = shown_url(settings().redis_url)
        raise Trouble(f"FLEET_REDIS_URL is not a Redis URL: {url} ({error}); like redis://127.0.0.1:6379/0") from error


def warn_plainly(*, quiet: bool = False) -> None:
    """Send the engine's warnings to standard error in plain lines; standard output belongs to the command."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, _plain],
        wrapper_class=structlog.make_filtering_bound_logger(50 if quiet else 30),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _plain(_: Any, __: str, entry: MutableMapping[str, Any]) -> str:
    level, event = entry.pop("level"), entry.pop("event")
    details = ", ".join(f"{name}: {value}" for name, value in entry.items())
    return f"{level}: {event}" + (f" ({details})" if details else "")


def installed(name: str, fleet: Registry) -> str:
    """An integration's name, which must be installed."""
    return known(name, fleet.names, "fleet apply FILE installs one")


def known(name: str, names: Iterable[str], remedy: str) -> str:
    """A name that must be one of these."""
    names = list(names)
    if name in names:
        return name
    there = f"; there are {', '.join(sorted(names))}" if names else ""
    raise Trouble(f"there is no integration {name!r}{did_you_mean(name, names) or there}; {remedy}")


def usable(name: str, fleet: Registry) -> Integration:
    """An installed integration, ready to use."""
    integration = fleet.get(installed(name, fleet))
    if integration is None:
        raise Trouble(f"integration {name} cannot be used: {fleet.faults.get(name, 'it is gone')}")
    return integration


def operator() -> Author:
    """Whoever runs this command, as the log of changes names them."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        name = str(os.getuid())
    return Author(name, "cli", socket.gethostname())
