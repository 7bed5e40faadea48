"""``changes``: who changed what of the fleet, and when."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from gateway.admin.pages import PageArgs, page, page_of
from gateway.admin.section import Section
from workers.changes import changes
from workers.dead import ENTRY

section = Section("changes", "Who changed what of the fleet, and when.")


class ListArgs(PageArgs):
    """To what, and which page."""

    target = fields.Str(load_default=None, metadata={"description": "An integration, a pipeline, …"})
    cursor = fields.Str(
        load_default=None, validate=validate.Regexp(rf"{ENTRY.pattern}\Z", error="is no cursor of ours")
    )


class ChangeSchema(Schema):
    """One change: who made it, by which door (api, cli, program), and what was done to what."""

    id = fields.Str(required=True)
    at = fields.Str(required=True)
    by = fields.Str(required=True)
    via = fields.Str(required=True)
    address = fields.Str(required=True)
    action = fields.Str(required=True)
    target = fields.Str(required=True)
    details = fields.Dict(required=True)


@section.get("/changes")
@section.arguments(ListArgs, location="query")
@section.response(200, page_of(ChangeSchema, "ChangePage"))
def list_changes(args: dict[str, Any]) -> dict[str, Any]:
    """List administrative changes, the latest first, whether made by a file, a command or this API."""
    return page(changes(args["target"], args["cursor"]), args["limit"], lambda change: str(change["id"]))
