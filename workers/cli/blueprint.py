"""``fleet blueprint``: an integration's effective mapping, and how it differs from its variant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from destinations.form.integration import Integration
from workers.cli.chosen import chosen
from workers.cli.terminal import on_terminal, say, say_json


@click.command()
@click.argument("name")
@click.option("--config", type=click.Path(path_type=Path), help="A configuration file; else what is installed counts.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def blueprint(name: str, config: Path | None, as_json: bool) -> None:
    """Show the mapping in force for integration NAME as YAML; comments say how it differs from its variant.

    Any part of it may stand under blueprint: in the configuration file, where null removes an entry.
    """
    [integration] = chosen(config, name)
    difference = integration.blueprint.diff(integration.destination.variants[integration.variant])
    mapping = brief(integration.blueprint.data)
    if as_json:
        say_json({"integration": name, "variant": integration.variant, "blueprint": mapping, "difference": difference})
        return
    for line in heading(integration, difference):
        say(line)
    say(yaml.safe_dump(mapping, sort_keys=False, allow_unicode=True, width=120).rstrip())


def heading(integration: Integration, difference: list[str]) -> list[str]:
    """The comment above a mapping: whose it is, and its difference."""
    of = f"{integration.destination.name}'s variant {integration.variant}"
    if not difference:
        return [f"# {integration.name}: {of}, unchanged"]
    return [f"# {integration.name}: {of}, changed:", *(_coloured(f"#   {line}") for line in difference)]


def _coloured(line: str) -> str:
    return click.style(line, fg="green" if line.startswith("#   +") else "red") if on_terminal() else line


def brief(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping as people write it: an event without fields of its own is just its name."""
    events = {event: row if row["fields"] else row["name"] for event, row in mapping["events"].items()}
    return {**mapping, "events": events}
