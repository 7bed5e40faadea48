"""``fleet explain``: what would be sent for an event, or why not. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from destinations.form.explain import explain as explained
from destinations.form.integration import Integration
from workers.cli.chosen import chosen
from workers.cli.events import read_events
from workers.cli.terminal import on_terminal, say_json


@click.command()
@click.argument("events")
@click.option("--config", type=click.Path(path_type=Path), help="A configuration file; else what is installed counts.")
@click.option("--integration", "-i", help="Only this integration.")
@click.option("--reveal", is_flag=True, help="Show secrets instead of masking them.")
def explain(events: str, config: Path | None, integration: str | None, reveal: bool) -> None:
    """Show what would be sent for EVENTS, and to whom, or why not.

    EVENTS is a file, - for standard input, or JSON itself: one event, an array, or JSON Lines. On a pipe each event and
    integration gives one JSON object a line. With --config neither Redis nor FLEET_SECRET_KEY is needed.
    """
    integrations = chosen(config, integration)
    for row in rows(read_events(events), integrations, reveal):
        show(row)


def rows(events: list[Any], integrations: list[Integration], reveal: bool) -> Iterator[dict[str, Any]]:
    """A row for each event and integration; one for an event that is none."""
    for event in events:
        yield from explained(event, integrations, reveal)


def show(row: dict[str, Any]) -> None:
    """One row, as a block on a terminal and as a line of JSON on a pipe."""
    if on_terminal():
        from workers.cli.explained import show_row  # noqa: PLC0415  # rich is for terminals

        show_row(row)
    else:
        say_json(row)
