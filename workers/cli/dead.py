"""``fleet dead``: look at dead letters, and act on them."""

from __future__ import annotations

from itertools import islice
from typing import Any

import click

from workers.cli.dead_filter import Choice, filtered
from workers.cli.fleet import open_fleet
from workers.cli.group import Entry, Fleet
from workers.cli.terminal import console, note, on_terminal, printable, say, say_json
from workers.cli.trouble import Trouble
from workers.dead import Letter, find, letters, places
from workers.letters import called

COMMANDS = {
    "list": Entry("workers.cli.dead:list_", "List dead letters, the latest first."),
    "show": Entry("workers.cli.dead:show", "Show one dead letter whole."),
    "replay": Entry("workers.cli.dead_replay:replay", "Send dead letters again."),
    "purge": Entry("workers.cli.dead_purge:purge", "Drop dead letters for good."),
    "export": Entry("workers.cli.dead_export:export", "Write dead letters as JSON Lines."),
    "import": Entry("workers.cli.dead_import:import_", "Put exported dead letters back."),
}


@click.group(cls=Fleet, entries=COMMANDS)
def dead() -> None:
    """Look at dead letters: events that will not be delivered as they are, and why; replay or purge them."""


@click.command(name="list")
@filtered(most=50)
@click.option("--json", "as_json", is_flag=True, help="Print each whole, one JSON object a line.")
def list_(choice: Choice, as_json: bool) -> None:
    """List dead letters, the latest first."""
    found = filter(choice.wanted.wants, letters(choice.places(open_fleet(quiet=True))))
    shown = list(islice(found, choice.limit))
    if as_json:
        for letter in shown:
            say_json(letter)
    elif on_terminal():
        _table(shown)
    else:
        for letter in shown:
            say(line(letter))
    if next(found, None):
        note(f"there are more than these {choice.limit}; ask for them with --limit")


@click.command()
@click.argument("identifier", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(identifier: str, as_json: bool) -> None:
    """Show one dead letter whole: event, request, answer, reason and hint. ID is as fleet dead list shows it."""
    found = find(places(open_fleet(quiet=True)), identifier)
    if not found:
        raise Trouble(f"there is no dead letter {identifier!r}; fleet dead list shows them")
    for letter in found:
        if as_json:
            say_json(letter)
        else:
            _page(letter)


def line(letter: Letter) -> str:
    """A dead letter in one line: when, id, kind, event, reason."""
    return printable("  ".join((letter["last_at"], letter["id"], letter["kind"], *named(letter), letter["reason"])))


def named(letter: Letter) -> tuple[str, str]:
    """What the event of a letter is called, and its message id; nothing where it was no event."""
    event = letter["event"]
    if not isinstance(event, dict):
        return "-", "-"
    return called(event), str(event.get("message_id"))


def _table(found: list[Letter]) -> None:
    from rich.table import Table  # noqa: PLC0415  # for terminals only

    table = Table("when", "id", "kind", "event", "tries", "reason", header_style="bold", box=None)
    for letter in found:
        name, _ = named(letter)
        cells = (letter["last_at"], letter["id"], letter["kind"], name, str(letter["attempts"]), letter["reason"])
        table.add_row(*map(_text, cells))
    console().print(table if found else "no dead letters")


def _text(cell: str) -> Any:
    from rich.text import Text  # noqa: PLC0415  # for terminals only

    return Text(printable(cell), overflow="fold")


def _page(letter: Letter) -> None:
    from workers.cli.pages import letter_page  # noqa: PLC0415  # rich is not needed for JSON

    console().print(letter_page(letter))
