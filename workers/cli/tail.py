"""``fleet tail``: follow deliveries as they happen."""

from __future__ import annotations

from typing import Any

import click

from workers.cli.fleet import installed, open_fleet
from workers.cli.terminal import console, on_terminal, printable, say, say_json
from workers.tail import Sample, Tail


@click.command()
@click.option("--integration", "-i", help="Only this integration.")
@click.option(
    "--lines", "-n", type=click.IntRange(0), default=10, show_default=True, help="Begin with the last so many."
)
@click.option("--json", "as_json", is_flag=True, help="Print each whole, one JSON object a line.")
def tail(integration: str | None, lines: int, as_json: bool) -> None:
    """Follow deliveries: the request, secrets masked, the vendor's answer, and how long it took.

    Every failure is shown, and of the successes some a second.
    """
    fleet = open_fleet(quiet=True)
    place = Tail(fleet, installed(integration, fleet) if integration else None)
    for sample in place.latest(lines):
        show(sample, as_json)
    for sample in place.follow():
        show(sample, as_json)


def show(sample: Sample, as_json: bool) -> None:
    """One sample: a page on a terminal, a line on a pipe."""
    if as_json:
        say_json(sample)
    elif on_terminal():
        from workers.cli.pages import sample_page  # noqa: PLC0415  # rich is for terminals

        console().print(sample_page(sample, head(sample)))
    else:
        said = printable("  ".join(sample[part] for part in ("reason", "hint", "note") if sample[part]))
        say(
            "  ".join(
                filter(None, (head(sample), request_line(sample["request"]), answer_line(sample["answer"]), said))
            )
        )


def head(sample: Sample) -> str:
    """How it went: time, integration, verdict, events, milliseconds."""
    events = f"{sample['events']} {'event' if sample['events'] == 1 else 'events'}"
    return f"{sample['at']}  {sample['integration']}  {sample['verdict']}  {events}  {sample['ms']:g} ms"


def request_line(request: dict[str, Any]) -> str:
    """A request in one line."""
    return " ".join(filter(None, (request["method"], request["url"], printable(request["body"]))))


def answer_line(answer: dict[str, Any] | None) -> str:
    """An answer in one line."""
    return f"→ {answer['status']} {printable(answer['body'])}".rstrip() if answer else "→ no answer"
