"""Explain: what would be sent for an event, or why not, without sending anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from destinations.form.installed import Integration
from destinations.form.keys import idempotency_key
from destinations.form.masking import mask_request, mask_text
from destinations.form.parts import Event, Outcome, Record
from destinations.form.request import Request
from schemas.event import InvalidEvent, load_event

Row = dict[str, Any]


def explain(event: object, integrations: Iterable[Integration], reveal: bool = False) -> list[Row]:
    """A row for each integration: what becomes of ``event`` there. Secrets are masked unless ``reveal``.

    An event the schema refuses is one row without an integration. Where an event needs several requests, ``request``
    is the first and ``then`` holds the others.
    """
    try:
        loaded = load_event(event)
    except InvalidEvent as error:
        message_id = event.get("message_id", event.get("messageId")) if isinstance(event, dict) else None
        return [_row(message_id, None, Outcome("reject", reason="invalid", detail=str(error)), [])]
    return [explain_one(loaded, integration, reveal) for integration in integrations]


def explain_one(event: Event, integration: Integration, reveal: bool = False) -> Row:
    """The row of a loaded event at one integration."""
    outcome = integration.screen(event) or integration.transform(event)
    return _row(
        event["message_id"], integration, outcome, _requests([event], outcome.records, integration, reveal), reveal
    )


def explain_batch(events: Sequence[object], integration: Integration, reveal: bool = False) -> Row:
    """The row of events that travel together: their records in one request, their repairs and warnings joined.

    Raises ``InvalidEvent``; events that would not be sent are left out.
    """
    loaded = [load_event(event) for event in events]
    outcomes = [integration.screen(event) or integration.transform(event) for event in loaded]
    pairs = [(event, outcome) for event, outcome in zip(loaded, outcomes, strict=True) if outcome.kind == "send"]
    sent = [outcome for _, outcome in pairs]
    joined = Outcome(
        "send",
        records=tuple(record for outcome in sent for record in outcome.records),
        repairs=tuple(repair for outcome in sent for repair in outcome.repairs),
        warnings=tuple(warning for outcome in sent for warning in outcome.warnings),
    )
    requests = _requests([event for event, _ in pairs], joined.records, integration, reveal)
    return _row(loaded[0]["message_id"], integration, joined, requests, reveal)


def _requests(events: Sequence[Event], records: Sequence[Record], integration: Integration, reveal: bool) -> list[Row]:
    """The requests for ``records``, as many records in each as the vendor takes."""
    size, key = integration.batch.events, idempotency_key(event["message_id"] for event in events)
    parts = [records[start : start + size] for start in range(0, len(records), size)]
    requests = [integration.request(part, key) for part in parts]
    return [request_row(request if reveal else mask_request(request, integration.secrets)) for request in requests]


def request_row(request: Request) -> Row:
    """A request as rows show it: a form body as its fields, a JSON body as its value."""
    body = dict(request.form) if request.form is not None else request.json
    return {"method": request.method, "url": request.url, "headers": dict(request.headers), "body": body}


def _row(
    message_id: Any, integration: Integration | None, outcome: Outcome, requests: list[Row], reveal: bool = False
) -> Row:
    secrets = integration.secrets if integration and not reveal else ()
    row = {
        "message_id": message_id,
        "integration": integration and integration.name,
        "destination": integration and integration.destination.name,
        "outcome": outcome.kind,
        "reason": mask_text(_reason(outcome), secrets) or None,
        "repairs": [mask_text(repair, secrets) for repair in outcome.repairs],
        "warnings": [mask_text(warning, secrets) for warning in warnings_of(integration, outcome)],
        "request": requests[0] if requests else None,
    }
    return row | {"then": requests[1:]} if requests[1:] else row


def warnings_of(integration: Integration | None, outcome: Outcome) -> tuple[str, ...]:
    """What the sender should know: of this event, and where it is sent, of every event of the destination."""
    standing = integration.destination.warnings if integration and outcome.kind == "send" else ()
    return (*outcome.warnings, *standing)


def _reason(outcome: Outcome) -> str:
    """A drop's reason starts with the name of its counter; a reject's is the sentence alone."""
    if outcome.kind == "drop":
        return f"{outcome.reason}: {outcome.detail}" if outcome.detail else outcome.reason
    return outcome.detail
