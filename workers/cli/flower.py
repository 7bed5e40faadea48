"""``fleet flower``: Flower, with a password unless nobody else can reach it."""

from __future__ import annotations

import os
from ipaddress import ip_address

import click

from workers.cli.fleet import reach_redis
from workers.cli.listening import cannot_listen
from workers.cli.trouble import Trouble
from workers.settings import settings

USER = "fleet"
FLOWERS_OWN = ("FLOWER_BASIC_AUTH", "FLOWER_AUTH")
"""Flower's own variables that ask visitors who they are."""


@click.command()
@click.option("--address", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=5555, show_default=True, help="The port; 0: any.")
def flower(address: str, port: int) -> None:
    """Show workers, queues and tickets in a browser until interrupted.

    FLEET_FLOWER_PASSWORD lets the user "fleet" in, and nobody else. Without it (or Flower's own FLOWER_BASIC_AUTH or
    FLOWER_AUTH) Flower listens on this machine only. What its numbers mean: docs/operations.md.
    """
    credentials = of_password(settings().flower_password)
    if credentials is None and not local(address) and not any(os.environ.get(name) for name in FLOWERS_OWN):
        raise Trouble(
            f"everybody who reaches {address or 'this machine'} could stop workers: set FLEET_FLOWER_PASSWORD"
        )
    reach_redis()
    from workers.flower import serve  # noqa: PLC0415  # Flower and Celery are for this command alone

    try:
        serve(address, port, credentials)
    except OSError as error:
        raise cannot_listen(address, port, error) from error


def of_password(password: str | None) -> str | None:
    """What Flower compares with what visitors say."""
    if not password:
        return None
    if not password.isascii():
        raise Trouble("FLEET_FLOWER_PASSWORD has a letter that is not ASCII, which Flower cannot compare")
    return f"{USER}:{password}"


def local(address: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
