"""``fleet apply``: install what a configuration file says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from workers.advice import lacking_consent
from workers.apply import Change, carried_out, describe, work_out
from workers.cli.fleet import operator, reach_redis, warn_plainly
from workers.cli.terminal import note, on_terminal, say
from workers.configuration import read_file
from workers.ledger import status
from workers.registry import Installed, read_installed

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

    def made(installed: Installed) -> Change:
        configuration = read_file(file, () if prune else installed.present)
        return work_out(configuration, installed, prune=prune, new_key=new_key)

    change = made(read_installed()) if dry_run else carried_out(made, operator())
    for line in describe(change):
        say(coloured(line) if on_terminal() else line)
    for line in (*recommended(change), *held_back(change)):
        note(line)
    if dry_run:
        note("dry run: nothing was changed")


def recommended(change: Change) -> Iterator[str]:
    """Categories of consent that the vendor's page recommends and a new or changed integration does not ask for."""
    for name, title, categories in lacking_consent(change):
        wanted = ", ".join(categories)
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
