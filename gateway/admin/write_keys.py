"""``pipelines/{pipeline}/write-keys``: what producers show the HTTP door."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from gateway.admin.faults import not_found
from gateway.admin.guard import author
from gateway.admin.pages import PageArgs, page, page_of, rows_after
from gateway.admin.section import Section
from workers import write_keys
from workers.registry import read_installed

section = Section("write keys", "What producers show the HTTP door.")

DAY = 86_400


class CreateSchema(Schema):
    """Whose key it is."""

    name = fields.Str(load_default="", validate=validate.Length(max=255))


class RotateSchema(Schema):
    """How long the former key stays good."""

    keep_seconds = fields.Float(load_default=0.0, validate=validate.Range(0, 30 * DAY))


class KeySchema(Schema):
    """A write key, without the key itself. ``until``: when a rotated one ends."""

    id = fields.Str(required=True)
    pipeline = fields.Str(required=True)
    name = fields.Str(required=True)
    created_at = fields.Str(required=True)
    until = fields.Str(required=True, allow_none=True)


class NewKeySchema(KeySchema):
    """A write key with the key, which is shown only now."""

    key = fields.Str(required=True)


@section.get("/pipelines/<pipeline>/write-keys")
@section.arguments(PageArgs, location="query")
@section.response(200, page_of(KeySchema, "KeyPage"))
@section.alt_response(404, "NOT_FOUND")
def list_keys(args: dict[str, Any], pipeline: str) -> dict[str, Any]:
    """List the write keys of a pipeline, the oldest first."""
    if pipeline not in read_installed().pipelines:
        raise not_found(f"pipeline {pipeline}")
    rows = rows_after([key.shown() for key in write_keys.listed(pipeline)], args["cursor"])
    return page(rows, args["limit"], lambda row: str(row["id"]))


@section.post("/pipelines/<pipeline>/write-keys")
@section.arguments(CreateSchema, example={"name": "web shop"})
@section.response(201, NewKeySchema)
@section.alt_response(404, "NOT_FOUND")
def create_key(given: dict[str, Any], pipeline: str) -> dict[str, Any]:
    """Make a write key. Only its hash is kept."""
    made, key = write_keys.create(pipeline, given["name"], author())
    return {**made.shown(), "key": key}


@section.post("/pipelines/<pipeline>/write-keys/<key_id>/rotate")
@section.arguments(RotateSchema, example={"keep_seconds": DAY})
@section.response(201, NewKeySchema)
@section.alt_response(404, "NOT_FOUND")
def rotate_key(given: dict[str, Any], pipeline: str, key_id: str) -> dict[str, Any]:
    """Replace a write key by a new one of the same name."""
    made, key = write_keys.rotate(pipeline, key_id, int(given["keep_seconds"] * 1000), author())
    return {**made.shown(), "key": key}


@section.delete("/pipelines/<pipeline>/write-keys/<key_id>")
@section.response(204)
@section.alt_response(404, "NOT_FOUND")
def revoke_key(pipeline: str, key_id: str) -> None:
    """End a write key now. Gateways notice within two seconds."""
    write_keys.revoke(pipeline, key_id, author())
