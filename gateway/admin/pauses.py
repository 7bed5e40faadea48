"""``integrations/{name}/hold`` and ``…/release``."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from gateway.admin.guard import author
from gateway.admin.section import Section
from schemas.text import Text
from workers import pauses
from workers.edits import present
from workers.registry import read_installed

section = Section("holds", "An operator's pause of an integration.")

YEAR = 365 * 86_400


class HoldSchema(Schema):
    """How long (without: until released), and why."""

    seconds = fields.Float(
        load_default=None, allow_none=True, validate=validate.Range(0.001, YEAR), metadata={"description": "How long."}
    )
    reason = Text(load_default=pauses.REASON, metadata={"description": "Why, for those who ask."})


class HeldSchema(Schema):
    """Until when it is held; null: until somebody releases it."""

    until = fields.Str(required=True, allow_none=True)


class ReleasedSchema(Schema):
    """Whether it was held."""

    was_held = fields.Bool(required=True)


@section.post("/integrations/<name>/hold")
@section.arguments(HoldSchema, example={"seconds": 600, "reason": "migration"})
@section.response(200, HeldSchema)
@section.alt_response(404, "NOT_FOUND")
@section.alt_response(409, "CONFLICT")
def hold(given: dict[str, Any], name: str) -> dict[str, Any]:
    """Hold an integration: nothing is sent to it, its events wait."""
    seconds = given["seconds"]
    milliseconds = None if seconds is None else max(1, int(seconds * 1000))
    document = present(read_installed(), name)
    return {"until": pauses.hold(name, document, author(), milliseconds, given["reason"])}


@section.post("/integrations/<name>/release")
@section.response(200, ReleasedSchema)
@section.alt_response(404, "NOT_FOUND")
@section.alt_response(409, "CONFLICT")
def release(name: str) -> dict[str, Any]:
    """End an integration's hold, whoever set it; its events go at once."""
    return {"was_held": pauses.release(name, present(read_installed(), name), author())}
