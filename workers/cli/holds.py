"""``fleet hold`` and ``fleet release``: an operator's pause of one integration."""

from __future__ import annotations

import click

from workers import pauses
from workers.cli.durations import Duration
from workers.cli.fleet import installed, open_fleet, operator
from workers.cli.terminal import say


@click.command()
@click.argument("name")
@click.option("--for", "milliseconds", type=Duration(), help="How long: 90s, 10m, 2h, 1d. Without: until released.")
@click.option("--reason", default=pauses.REASON, show_default=True, help="Why, for those who ask.")
def hold(name: str, milliseconds: int | None, reason: str) -> None:
    """Hold integration NAME: nothing is sent to it, its events wait."""
    fleet = open_fleet()
    until = pauses.hold(name, fleet.document(installed(name, fleet)), operator(), milliseconds, reason)
    told = f"until {until}" if until else "until released"
    say(f"{name} is held {told}; fleet release {name} ends it")


@click.command()
@click.argument("name")
def release(name: str) -> None:
    """End the hold of integration NAME, whoever set it, and let its events go at once."""
    fleet = open_fleet()
    ended = pauses.release(name, fleet.document(installed(name, fleet)), operator())
    say(f"{name} is released" if ended else f"{name} was not held; what waited there for its time is tried now")
