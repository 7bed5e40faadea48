"""``fleet audit``: recount everything against the ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from workers.audit import Account
from workers.audit import audit as recount
from workers.cli.fleet import open_fleet
from workers.cli.terminal import console, note, on_terminal, say, say_json

COLUMNS = ("", "name", "came", "left", "waiting", "aside", "dead", "balance")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def audit(as_json: bool) -> None:
    """Recount every lane, side lane and dead-letter stream against the ledgers. The exit code is 1 when they differ.

    Every ledger is recounted in one step, while the fleet works. Workers do the same once a minute, and log an error.
    """
    accounts = recount(open_fleet(quiet=True))
    faulty = any(account.faults for account in accounts)
    if as_json:
        say_json({"balanced": not faulty, "accounts": [asdict(account) for account in accounts]})
    elif on_terminal():
        _table(accounts)
    else:
        for account in accounts:
            say("  ".join(f"{name} {cell}".strip() for name, cell in zip(COLUMNS, cells(account), strict=True)))
    if not as_json:
        _say_faults(accounts)
    if faulty:
        raise click.exceptions.Exit(1)


def cells(account: Account) -> list[str]:
    """An account's row."""
    numbers = (account.came, account.gone, account.waiting, account.aside, account.dead)
    return [
        account.kind,
        account.name,
        *(f"{number:,}" for number in numbers),
        f"{account.balance:+,}".replace("+0", "0"),
    ]


def _table(accounts: Sequence[Account]) -> None:
    from rich.table import Table  # noqa: PLC0415  # for terminals only

    table = Table(*COLUMNS, header_style="bold", box=None)
    for account in accounts:
        table.add_row(*cells(account), style="red" if account.faults else "")
    console().print(table if accounts else "nothing is installed yet: fleet apply FILE")


def _say_faults(accounts: Sequence[Account]) -> None:
    faults = [f"{one.kind} {one.name}: {fault}" for one in accounts for fault in one.faults]
    for fault in faults:
        say(fault)
    note("the books balance" if not faults else f"{len(faults)} differences")
