"""``fleet status``: the ledger, and what people want to know beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from workers.attention import wanted
from workers.cli.fleet import open_fleet
from workers.cli.terminal import note, on_terminal, say, say_json
from workers.ledger import Status
from workers.ledger import status as read_status
from workers.overview import overview
from workers.registry import Registry

EVERY = 1.0


@click.command()
@click.option("--watch", is_flag=True, help="Look again every second until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Print the ledger as one JSON object.")
def status(watch: bool, as_json: bool) -> None:
    """Show each integration: what waits, what was delivered, filtered, dropped, died, and whether the books balance.

    Balance is what was accepted less all that became of it and all that waits: 0, or something is wrong.
    """
    fleet = open_fleet(quiet=True)
    if as_json:
        for want in wanted(fleet):
            note(want)
        for ledger in looks(fleet, watch):
            say_json(ledger)
    elif on_terminal():
        _on_terminal(fleet, watch)
    else:
        _plain(fleet, watch)


def looks(fleet: Registry, watch: bool) -> Iterator[Status]:
    """One look at the ledger, or one every second."""
    yield read_status(fleet)
    while watch:
        time.sleep(EVERY)
        yield read_status(fleet)


def _plain(fleet: Registry, watch: bool) -> None:
    from workers.cli.status_lines import lines  # noqa: PLC0415  # JSON does without

    for ledger in looks(fleet, watch):
        for line in (*wanted(fleet), *lines(ledger, overview(fleet))):
            say(line)
        if watch:
            say("")


def _on_terminal(fleet: Registry, watch: bool) -> None:
    from rich.live import Live  # noqa: PLC0415  # rich is for terminals

    from workers.cli.status_table import page  # noqa: PLC0415
    from workers.cli.terminal import console  # noqa: PLC0415

    if not watch:
        for want in wanted(fleet):
            console().print(want, style="yellow", highlight=False, markup=False)
        console().print(page(read_status(fleet), overview(fleet)))
        return
    before: Status | None = None
    with Live(console=console(), auto_refresh=False, screen=True, vertical_overflow="crop") as live:
        for ledger in looks(fleet, watch):
            live.update(page(ledger, overview(fleet), before, EVERY), refresh=True)
            before = ledger
