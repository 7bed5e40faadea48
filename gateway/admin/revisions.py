"""``integrations/{name}/revisions``: what an integration said before, what is different, and the way back."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from gateway.admin.edited import carry
from gateway.admin.pages import NumberPageArgs, page, page_of
from gateway.admin.schemas import IntegrationOutSchema, RevisionSchema, WholeRevisionSchema
from gateway.admin.section import Section
from gateway.admin.views import viewed
from schemas.entries import Entries
from workers import edits
from workers.edits import present
from workers.registry import read_installed
from workers.revisions import Revision, all_kept, differences, kept

section = Section("revisions", "What integrations said before.")


class AgainstArgs(Schema):
    """What to compare with."""

    against = fields.Int(load_default=None, metadata={"description": "A revision. Without: the one in force."})


class DifferenceSchema(Schema):
    """One part that two revisions say differently; null where one does not say it."""

    path = fields.Str(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class DiffSchema(Schema):
    """What is different at a revision ``after`` from the one ``before``."""

    before = fields.Int(required=True)
    after = fields.Int(required=True)
    differences = fields.List(fields.Nested(DifferenceSchema), required=True)


class RollbackSchema(Schema):
    """Where to, and secrets where requests go to another host then."""

    revision = fields.Int(required=True, strict=True)
    config = Entries(fields.Raw(), load_default=dict)


@section.get("/integrations/<name>/revisions")
@section.arguments(NumberPageArgs, location="query")
@section.response(200, page_of(RevisionSchema, "RevisionPage"))
@section.alt_response(404, "NOT_FOUND")
def list_revisions(args: dict[str, Any], name: str) -> dict[str, Any]:
    """List the revisions kept of an integration, the latest first."""
    present(read_installed(), name)
    later = args["cursor"]
    found = (revision for revision in all_kept(name) if later is None or revision.number < later)
    return page(map(_row, found), args["limit"], lambda row: str(row["revision"]))


@section.get("/integrations/<name>/revisions/<int:revision>")
@section.response(200, WholeRevisionSchema)
@section.alt_response(404, "NOT_FOUND")
def show_revision(name: str, revision: int) -> dict[str, Any]:
    """Show what an integration said at a revision."""
    present(read_installed(), name)
    found = kept(name, revision)
    return {**_row(found), "spec": found.spec}


@section.get("/integrations/<name>/revisions/<int:revision>/diff")
@section.arguments(AgainstArgs, location="query")
@section.response(200, DiffSchema)
@section.alt_response(404, "NOT_FOUND")
def compare_revisions(args: dict[str, Any], name: str, revision: int) -> dict[str, Any]:
    """Show what is different at another revision, or at the one in force, from what this one said."""
    document = present(read_installed(), name)
    other = document["revision"] if args["against"] is None else args["against"]
    found = differences(kept(name, revision).spec, kept(name, other).spec)
    return {"before": revision, "after": other, "differences": list(found)}


@section.post("/integrations/<name>/rollback")
@section.arguments(RollbackSchema, example={"revision": 1})
@section.response(200, IntegrationOutSchema)
@section.alt_response(404, "NOT_FOUND")
@section.alt_response(409, "CONFLICT")
def roll_back(given: dict[str, Any], name: str) -> dict[str, Any]:
    """Let an integration say again what it said at a revision, as a new one. Secrets stay those in force."""
    carry(edits.rolled_back, name, given["revision"], given["config"], place=f"integrations.{name}")
    return viewed(name)


def _row(found: Revision) -> dict[str, Any]:
    return {"revision": found.number, "at": found.at, "by": found.by}
