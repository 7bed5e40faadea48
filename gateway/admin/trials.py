"""``integrations/{name}/test`` and ``…/explain``: one event at one integration, sent or only shown."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from destinations.form.explain import explain_one
from destinations.form.integration import Integration
from destinations.form.masking import mask_text
from destinations.form.parts import Event, Outcome, Verdict
from gateway.admin.section import Section
from gateway.admin.turns import slow_turn
from gateway.admin.views import current
from gateway.problems import Problem, invalid
from schemas.event import InvalidEvent, load_event
from workers.edits import present
from workers.registry import read_installed
from workers.samples import shown
from workers.trial import NoPermit, examine, exchanges, sample_event

EXAMPLE = {"event": {"type": "track", "event": "Order Completed", "user_id": "u1", "properties": {"revenue": 89.9}}}

section = Section("trials", "One event at one integration, past the queues and the ledger.")


class TrialSchema(Schema):
    """The event, as a producer would hand it in."""

    event = fields.Dict(
        load_default=None, allow_none=True, metadata={"description": "Without: a sample the integration maps."}
    )


class ExchangeSchema(Schema):
    """One request with its answer, secrets masked."""

    at = fields.Str(required=True)
    integration = fields.Str(required=True)
    verdict = fields.Str(required=True)
    ms = fields.Float(required=True)
    events = fields.Int(required=True)
    message_ids = fields.List(fields.Str(), required=True)
    request = fields.Dict(required=True)
    answer = fields.Dict(required=True, allow_none=True)
    reason = fields.Str(required=True)
    hint = fields.Str(required=True)
    note = fields.Str(required=True)


class TestedSchema(Schema):
    """What became of the event. ``confirmed``: whether the vendor's success proves anything."""

    event = fields.Dict(required=True)
    outcome = fields.Str(required=True, metadata={"description": "send, drop or reject"})
    reason = fields.Str(required=True, allow_none=True)
    delivered = fields.Bool(required=True)
    confirmed = fields.Bool(required=True)
    exchanges = fields.List(fields.Nested(ExchangeSchema), required=True)


class ExplainedSchema(Schema):
    """What would be sent, or why not; secrets masked. ``then``: further requests."""

    message_id = fields.Str(required=True)
    integration = fields.Str(required=True)
    destination = fields.Str(required=True)
    outcome = fields.Str(required=True)
    reason = fields.Str(required=True, allow_none=True)
    repairs = fields.List(fields.Str(), required=True)
    warnings = fields.List(fields.Str(), required=True)
    request = fields.Dict(required=True, allow_none=True)
    then = fields.List(fields.Dict())


@section.post("/integrations/<name>/test")
@section.arguments(TrialSchema, example=EXAMPLE)
@section.response(200, TestedSchema)
@section.alt_response(404, "NOT_FOUND")
@section.alt_response(409, "CONFLICT")
def test(given: dict[str, Any], name: str) -> dict[str, Any]:
    """Send one event to the vendor right now, within its limits, and show each request with its answer."""
    integration = usable(name)
    event = event_of(given["event"], integration)
    outcome = examine(integration, event)
    sent = _sent(integration, event, outcome) if outcome.kind == "send" else []
    delivered = bool(sent) and all(one["verdict"] == Verdict.DELIVERED for one in sent)
    reason = ": ".join(filter(None, (outcome.reason, outcome.detail)))
    return {
        "event": event,
        "outcome": outcome.kind,
        "reason": mask_text(reason, integration.secrets) or None,
        "delivered": delivered,
        "confirmed": delivered and integration.destination.confirms,
        "exchanges": sent,
    }


@section.post("/integrations/<name>/explain")
@section.arguments(TrialSchema, example=EXAMPLE)
@section.response(200, ExplainedSchema)
@section.alt_response(404, "NOT_FOUND")
@section.alt_response(409, "CONFLICT")
def explain(given: dict[str, Any], name: str) -> dict[str, Any]:
    """Show what would be sent for one event, or why not. Nothing is sent."""
    integration = usable(name)
    return explain_one(event_of(given["event"], integration), integration)


def usable(name: str) -> Integration:
    """An integration that can be used."""
    present(read_installed(), name)
    fleet = current()
    integration = fleet.get(name)
    if integration is None:
        raise Problem(409, "unusable", f"integration {name} cannot be used: {fleet.faults.get(name, 'it is gone')}")
    return integration


def event_of(given: dict[str, Any] | None, integration: Integration) -> Event:
    """The event that the caller gives, or a sample."""
    if given is None:
        return sample_event(integration)
    try:
        return load_event(given)
    except InvalidEvent as error:
        raise invalid([f"event.{fault}" for fault in error.faults]) from error


def _sent(integration: Integration, event: Event, outcome: Outcome) -> list[dict[str, Any]]:
    try:
        with slow_turn():
            return [shown(integration, one, [event["message_id"]]) for one in exchanges(integration, event, outcome)]
    except NoPermit as error:
        message = f"{integration.name}'s limit is used up: {error}"
        raise Problem(503, "no_permit", message, headers={"Retry-After": "30"}) from error
