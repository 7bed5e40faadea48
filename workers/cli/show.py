"""``fleet show``: where one event is, or what became of it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from workers.cli.fleet import open_fleet
from workers.cli.terminal import compact, console, on_terminal, printable, say, say_json
from workers.cli.trouble import Trouble
from workers.settings import settings
from workers.trace import Trace, known, trace


@click.command()
@click.argument("message_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(message_id: str, as_json: bool) -> None:
    """Show everything that happened to one event, at each integration.

    Looks into inboxes, lanes, side lanes, dead letters, samples of recent deliveries and the latest fates. Exit code 1
    when nothing is known of it.
    """
    found = trace(message_id, open_fleet(quiet=True))
    if as_json:
        say_json(found)
    if not known(found):
        kept = f"the last {settings().fates_kept:,} fates are kept"
        raise Trouble(f"nothing is known of {message_id!r}: it was never enqueued here, or it is too long ago ({kept})")
    if as_json:
        return
    if on_terminal():
        from workers.cli.pages import trace_page  # noqa: PLC0415  # rich is for terminals

        console().print(trace_page(found))
    else:
        for line in lines(found):
            say(line)


def lines(found: Trace) -> Iterator[str]:
    """A trace in plain lines: time, place, what, details."""
    if found["event"] is not None:
        yield printable(f"event  {compact(found['event'])}")
    for place, steps in (("inbox", found["inbox"]), *found["integrations"].items()):
        for step in steps:
            details = {name: value for name, value in step.items() if name not in ("at", "what")}
            yield printable(f"{step['at']}  {place}  {step['what']}  {compact(details)}")
