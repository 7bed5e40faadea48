"""``fleet keys``: look after the key that encrypts the integrations' secrets."""

from __future__ import annotations

import click

from workers.cli.fleet import operator, reach_redis, warn_plainly
from workers.cli.terminal import say
from workers.cli.trouble import Trouble
from workers.rotate import Overtaken
from workers.rotate import rotate as rotated

TRIES = 5


@click.group()
def keys() -> None:
    """Look after FLEET_SECRET_KEY, which encrypts the integrations' secrets."""


@keys.command()
def rotate() -> None:
    """Encrypt every stored secret anew, under the first key of FLEET_SECRET_KEY.

    To change keys: restart the workers with both, the new one first (new,old); rotate; then leave the old one out.
    """
    warn_plainly()
    reach_redis()
    for _ in range(TRIES):
        try:
            done = rotated(operator())
        except Overtaken:
            continue
        say(f"{sum(done.values())} secrets of {len(done)} integrations are encrypted under the first key")
        return
    raise Trouble("somebody else keeps changing the fleet at the same time; nothing was changed, try again")
