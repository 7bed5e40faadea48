"""``fleet changes``: who changed what of the fleet, and when."""

from __future__ import annotations

from itertools import islice
from typing import Any

import click

from workers.changes import Noted, changes
from workers.cli.fleet import reach_redis, warn_plainly
from workers.cli.terminal import compact, console, note, on_terminal, printable, say, say_json


@click.command(name="changes")
@click.argument("target", required=False)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print each whole, one JSON object a line.")
def changes_(target: str | None, limit: int, as_json: bool) -> None:
    """List administrative changes, the latest first: of everything, or of the integration or pipeline TARGET.

    Whether made by a file, a command or the admin API. The last 10,000 are kept (FLEET_CHANGES_KEPT).
    """
    warn_plainly()
    reach_redis()
    found = changes(target)
    shown = list(islice(found, limit))
    if as_json:
        for change in shown:
            say_json(change)
    elif on_terminal():
        _table(shown)
    else:
        for change in shown:
            say(printable("  ".join(_cells(change))))
    if next(found, None):
        note(f"there are more than these {limit}; ask for them with --limit")


def _cells(change: Noted) -> tuple[str, ...]:
    return change["at"], author(change), change["action"], change["target"], compact(change["details"])


def author(change: Noted) -> str:
    """Who made a change: ``alice (api, 10.0.0.7)``."""
    way = ", ".join(filter(None, (change["via"], change["address"])))
    return f"{change['by']} ({way})" if change["by"] else way


def _table(shown: list[Noted]) -> None:
    from rich.table import Table  # noqa: PLC0415  # for terminals only
    from rich.text import Text  # noqa: PLC0415

    table = Table("when", "who", "what", "to", "details", header_style="bold", box=None)
    for change in shown:
        cells: Any = (Text(printable(cell), overflow="fold") for cell in _cells(change))
        table.add_row(*cells)
    console().print(table if shown else "no changes")
