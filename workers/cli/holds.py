"""``fleet hold`` and ``fleet release``: an operator's pause of one integration."""

from __future__ import annotations

import click

from workers.apply import REMOVED
from workers.cli.durations import Duration
from workers.cli.fleet import installed, open_fleet
from workers.cli.terminal import say
from workers.cli.trouble import Trouble
from workers.dead_letters import iso
from workers.holds import FOREVER_MS, free, halt
from workers.registry import Registry

KINDS = ("operator", "throttled", "breaker", "setup", "full")
"""Holds that an operator may end. One of kind ``disabled`` ends with the configuration that disables."""


@click.command()
@click.argument("name")
@click.option("--for", "milliseconds", type=Duration(), help="How long: 90s, 10m, 2h, 1d. Without: until released.")
@click.option("--reason", default="held by an operator", show_default=True, help="Why, for those who ask.")
def hold(name: str, milliseconds: int | None, reason: str) -> None:
    """Hold integration NAME: nothing is sent to it, its events wait."""
    enabled(name, open_fleet())
    until = halt(name, "operator", reason, f"fleet release {name}", milliseconds or FOREVER_MS)
    if not until:
        raise Trouble(disabled(name))
    told = f"until {iso(until)}" if milliseconds else "until released"
    say(f"{name} is held {told}; fleet release {name} ends it")


@click.command()
@click.argument("name")
def release(name: str) -> None:
    """End the hold of integration NAME, whoever set it, and let its events go at once."""
    enabled(name, open_fleet())
    ended = free(name, *KINDS)
    say(f"{name} is released" if ended else f"{name} was not held; what waited there for its time is tried now")


def enabled(name: str, fleet: Registry) -> None:
    """See that an integration is one that may deliver."""
    document = fleet.document(installed(name, fleet))
    if REMOVED in document:
        raise Trouble(f"{name} was removed and is held for that; apply a file that names it to have it back")
    if not document["spec"]["enabled"]:
        raise Trouble(disabled(name))


def disabled(name: str) -> str:
    """Why an operator's hold does not apply."""
    return f"{name} is disabled in the configuration, and held for that; set enabled: true there and apply it"
