"""Which dead letters: the filters of ``fleet dead``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate

from gateway.admin.faults import not_found
from gateway.admin.views import current
from schemas.dead_letter import KINDS
from schemas.moment import Moment
from workers.dead import INBOX, places
from workers.letters import Filter


class FilterSchema(Schema):
    """What must be true of a dead letter; what is left out does not matter."""

    integration = fields.Str(metadata={"description": "Only its letters; `inbox`: of events no integration got."})
    kind = fields.Str(validate=validate.OneOf(KINDS))
    status = fields.Int(metadata={"description": "Of the vendor's last answer."})
    reason = fields.Str(metadata={"description": "A part of the reason."})
    event = fields.Str(metadata={"description": "The event's name, or its type."})
    person = fields.Str(metadata={"description": "User id or anonymous id."})
    since = Moment(metadata={"description": "Only those that died since."})
    until = Moment(metadata={"description": "Only those that died until then."})


PARTS = ("kind", "status", "reason", "event", "person")


def wanted(given: dict[str, Any]) -> Filter:
    """The filter that was asked for."""
    chosen: dict[str, Any] = {name: given[name] for name in PARTS if given.get(name) is not None}
    chosen |= {f"{name}_ms": _ms(given[name]) for name in ("since", "until") if given.get(name)}
    return Filter(**chosen, ids=frozenset(given.get("ids", ())))


def where(integration: str | None) -> dict[str, str]:
    """Where to look: place → stream."""
    fleet = current()
    if integration not in (None, INBOX, *fleet.names):
        raise not_found(f"integration {integration}")
    return places(fleet, integration)


def _ms(text: str) -> int:
    return max(0, round(datetime.fromisoformat(text).timestamp() * 1000))
