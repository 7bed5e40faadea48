"""``fleet apply``: install what a configuration file says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from workers.apply import REMOVED, Change, Stale, carry_out, describe, work_out
from workers.cli.fleet import reach_redis, warn_plainly
from workers.cli.terminal import note, on_terminal, say
from workers.cli.trouble import Trouble
from workers.configuration import Configuration, read_file
from workers.ledger import status
from workers.registry import read_installed

TRIES = 5
COLOURS = {"added": "green", "changed": "yellow", "removed": "red", "left": "bright_black"}


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--prune", is_flag=True, help="Also remove pipelines and integrations that FILE does not name.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--new-key", is_flag=True, help="The old FLEET_SECRET_KEY is lost: store secrets it encrypted anew.")
def apply(file: Path, prune: bool, dry_run: bool, new_key: bool) -> None:
    """Install the pipelines and integrations of FILE (YAML; ${NAME} is taken from the environment).

    All of it or nothing, and again gives the same. What waits in an integration that is disabled or removed is held
    until it is enabled again, or dropped by: fleet purge NAME.
    """
    warn_plainly()
    reach_redis()
    configuration, change = carried_out(file, prune=prune, dry_run=dry_run, new_key=new_key)
    for line in describe(change):
        say(coloured(line) if on_terminal() else line)
    for line in (*recommended(configuration, change), *held_back(change)):
        note(line)
    if dry_run:
        note("dry run: nothing was changed")


def carried_out(file: Path, *, prune: bool, dry_run: bool, new_key: bool) -> tuple[Configuration, Change]:
    """Apply a file, again when somebody else changed the fleet at the same moment; what it changed."""
    for _ in range(TRIES):
        configuration = read_file(file, () if prune else installed_names())
        change = work_out(configuration, prune=prune, new_key=new_key)
        try:
            if not dry_run:
                carry_out(change)
        except Stale:
            continue
        return configuration, change
    raise Trouble("somebody else keeps changing the fleet at the same time; nothing was changed, try again")


def installed_names() -> list[str]:
    """Integrations a pipeline of the file may name though the file does not."""
    return [name for name, document in read_installed().documents.items() if REMOVED not in document]


def recommended(configuration: Configuration, change: Change) -> Iterator[str]:
    """Categories of consent that the vendor's page recommends and a new or changed integration does not ask for."""
    for name in sorted(change.integrations.keys() & configuration.integrations.keys()):
        integration = configuration.integrations[name]
        wanted = ", ".join(integration.destination.consent)
        if wanted and not integration.consent:
            title = integration.destination.title
            yield f"recommended: integrations.{name}.consent: [{wanted}], as {title} is for people who agreed to it"


def held_back(change: Change) -> Iterator[str]:
    """What waits in integrations that were removed."""
    removed = {name for kind, _, name in (line.partition(" ") for line in change.removed) if kind == "integration"}
    rows = status()["integrations"] if removed else {}
    for name in sorted(removed):
        waiting = rows[name]["waiting"] + rows[name]["aside"]
        if waiting:
            yield f"{name}: {waiting:,} events wait until it is applied again, or dropped: fleet purge {name} --yes"


def coloured(line: str) -> str:
    """A line of the change, coloured by its first word."""
    return click.style(line, fg=COLOURS[line.partition(" ")[0]])
