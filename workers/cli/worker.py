"""``fleet worker``: Celery workers on all integrations' queues, or some, supervised."""

from __future__ import annotations

import logging
import os
import sys

import click

from workers import formats, keys
from workers.connection import redis, wait_for_redis
from workers.logs import configure
from workers.registry import registry
from workers.secrets import SecretKeyError, vault
from workers.settings import settings
from workers.supervisor import Supervisor, worker_command


@click.command()
@click.option("--only", help="Only these queues: integrations by name, and route; separated by commas.")
@click.option(
    "--pool", type=click.Choice(["threads", "prefork"]), default=lambda: settings().pool, help="Celery's pool."
)
@click.option("--slots", type=click.IntRange(1), help="Lanes worked at once by a process (threads: 32, prefork: 4).")
@click.option("--processes", type=click.IntRange(1), help="Worker processes (threads: one a core, prefork: 1).")
@click.option(
    "--log-level",
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"]),
    default=lambda: logging.getLevelName(settings().log_level),
    help="From where on things are logged.",
)
def worker(only: str | None, pool: str, slots: int | None, processes: int | None, log_level: str) -> None:
    """Run workers until interrupted; one that ends is started again."""
    os.environ["FLEET_LOG_LEVEL"] = log_level
    settings.cache_clear()
    configure()
    queues = check(only)
    os.environ["FLEET_POOL"] = pool
    threads = pool == "threads"
    slots = slots or (settings().slots if threads else 4)
    os.environ["FLEET_SLOTS"] = str(slots)
    count = processes or (settings().processes if threads else 1)
    commands = [
        worker_command(number, queues=queues, slots=slots, log_level=log_level) for number in range(1, count + 1)
    ]
    sys.exit(Supervisor(commands).run())


def check(only: str | None) -> list[str]:
    """The queues asked for; fails at once when a key or a name is wrong, rather than in every worker."""
    try:
        vault()
    except SecretKeyError as error:
        raise click.ClickException(str(error)) from error
    queues = [name.strip() for name in (only or "").split(",") if name.strip()]
    wait_for_redis()
    formats.check(redis())
    known = {keys.ROUTE, *registry().names}
    if unknown := sorted(set(queues) - known):
        raise click.ClickException(f"--only: there is no {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return queues
