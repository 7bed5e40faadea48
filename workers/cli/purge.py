"""``fleet purge``: drop what waits in a disabled or removed integration."""

from __future__ import annotations

import click

from workers import changes
from workers.cli.fleet import installed, open_fleet, operator
from workers.cli.terminal import say
from workers.cli.trouble import Trouble
from workers.ledger import status
from workers.purge import Enabled, Leased, retire
from workers.purge import purge as purged
from workers.registry import REMOVED, Registry


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do it. Without, say what would be lost.")
def purge(name: str, yes: bool) -> None:
    """Drop every event that waits in integration NAME, which must be disabled or removed first.

    They are counted as purged. A removed integration is retired then, with its counters and dead letters.
    """
    fleet = open_fleet()
    removed = REMOVED in fleet.document(installed(name, fleet))
    if not yes:
        raise Trouble(f"{at_stake(name, removed)}; add --yes to do it")
    changes.note(operator(), "purged", name, {"removed": removed})
    try:
        gone = purged(name, fleet.lanes)
    except Enabled as error:
        raise Trouble(f"{name} is enabled; set enabled: false, or remove it, and apply that first") from error
    except Leased as error:
        raise Trouble(f"a worker still holds lane {error} of {name}; see fleet status, and try again") from error
    say(f"{gone:,} events of {name} were purged")
    if removed:
        _retire(name, fleet)


def at_stake(name: str, removed: bool) -> str:
    """What purging would lose."""
    row = status()["integrations"][name]
    waiting = f"{row['waiting'] + row['aside']:,} events that wait in {name} would be dropped"
    return f"{waiting}, and {row['dead']:,} dead letters and its counters with it" if removed else waiting


def _retire(name: str, fleet: Registry) -> None:
    if not retire(name, fleet):
        raise Trouble(f"{name} was applied again, or got events, meanwhile; it is kept")
    say(f"{name} is retired")
