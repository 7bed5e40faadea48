"""``fleet test``: send one event through an integration right now."""

from __future__ import annotations

import click

from destinations.form.explain import warnings_of
from destinations.form.integration import Integration
from destinations.form.masking import mask_text
from destinations.form.parts import Event, Outcome, Verdict
from schemas.event import InvalidEvent, load_event
from workers.cli.events import read_events
from workers.cli.fleet import open_fleet, usable
from workers.cli.tail import show as show_sample
from workers.cli.terminal import compact, note
from workers.cli.trouble import Trouble, Unparsed
from workers.samples import shown
from workers.trial import NoPermit, examine, exchanges, sample_event


@click.command()
@click.argument("name")
@click.option("--event", "given", help="An event of your own: a file, -, or JSON itself.")
@click.option("--json", "as_json", is_flag=True, help="Print each request with its answer, one JSON object a line.")
def test(name: str, given: str | None, as_json: bool) -> None:
    """Send one sample event to the vendor of integration NAME, and show request and answer.

    It is of a person called fleet-test, does not touch the queues or the ledger, and keeps to the vendor's limits.
    Exit code 1 when it is not delivered.
    """
    integration = usable(name, open_fleet())
    event = own(given) if given else sample_event(integration)
    outcome = examine(integration, event)
    if outcome.kind != "send":
        reason = mask_text(": ".join(filter(None, (outcome.reason, outcome.detail))), integration.secrets)
        raise Trouble(f"{name} would not send this event: {reason}\n{compact(event)}")
    for remark in (*outcome.repairs, *warnings_of(integration, outcome)):
        note(mask_text(remark, integration.secrets))
    sent(integration, event, outcome, as_json)


def own(given: str) -> Event:
    """The event that the caller gives."""
    several = read_events(given)
    if len(several) != 1:
        raise Unparsed(f"one event is sent, and there are {len(several)}")
    try:
        return load_event(several[0])
    except InvalidEvent as error:
        raise Trouble(f"not a valid event: {error}") from error


def sent(integration: Integration, event: Event, outcome: Outcome, as_json: bool) -> None:
    """Send, show, and end the command where the vendor does not take it."""
    try:
        for exchange in exchanges(integration, event, outcome):
            show_sample(shown(integration, exchange, [event["message_id"]]), as_json)
            reading = exchange.reading
            if reading.verdict is not Verdict.DELIVERED:
                why = mask_text(reading.reason, integration.secrets)
                raise Trouble("\n".join(filter(None, (f"not delivered, {reading.verdict}: {why}", reading.hint))))
    except NoPermit as error:
        raise Trouble(f"{integration.name}'s limit is used up: {error}") from error
    if not integration.destination.confirms:
        note(f"accepted, not confirmed: {integration.destination.title} answers the same to events it discards")
