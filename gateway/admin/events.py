"""``events/{message_id}``: where one event is, or what became of it."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from gateway.admin.faults import not_found
from gateway.admin.section import Section
from gateway.admin.turns import slow_turn
from gateway.admin.views import current
from workers.trace import known, trace

section = Section("events", "Where one event is, or what became of it.")


class TraceSchema(Schema):
    """Everything still known of one event: steps by time, each with ``at`` and ``what``."""

    message_id = fields.Str(required=True)
    event = fields.Raw(required=True, allow_none=True)
    inbox = fields.List(fields.Dict(), required=True)
    integrations = fields.Dict(required=True, keys=fields.Str(), values=fields.List(fields.Dict()))


@section.get("/events/<path:message_id>")
@section.response(200, TraceSchema)
@section.alt_response(404, "NOT_FOUND")
def show_event(message_id: str) -> dict[str, Any]:
    """Show where an event is at each integration, or what became of it and why; as `fleet show`."""
    with slow_turn():
        found = trace(message_id, current())
    if not known(found):
        raise not_found(f"trace of {message_id}: it never came in here, or it is too long ago")
    return found
