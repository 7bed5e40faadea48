"""``replays``: give dead letters another chance."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from gateway.admin.chosen import FilterSchema, wanted, where
from gateway.admin.faults import not_found
from gateway.admin.guard import author
from gateway.admin.pages import PageArgs, page, page_of, rows_after
from gateway.admin.section import Section
from gateway.admin.turns import slow_turn
from gateway.admin.views import current
from gateway.problems import Problem
from schemas.limits import Positive
from workers.letters import select
from workers.replay import Terms
from workers.replay_plan import Plan
from workers.replay_result import forecast
from workers.replays import Asked, begin, cancel, find, listed

section = Section("replays", "Dead letters that are sent again; workers do it, and it survives any of them.")

CHOICES = ("integration", "kind", "status", "reason", "event", "person", "since", "until", "ids")


class ReplaySchema(FilterSchema):
    """Which letters, and how."""

    ids = fields.List(fields.Str(), validate=validate.Length(max=1_000), metadata={"description": "Letters by id."})
    all = fields.Bool(load_default=False, metadata={"description": "Every letter there is, if nothing else is said."})
    limit = fields.Int(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1))
    mapping = fields.Str(
        load_default="now",
        validate=validate.OneOf(["now", "then"]),
        metadata={"description": "The mapping in force, or the one a letter was written under."},
    )
    rate = Positive(load_default=None, allow_none=True, metadata={"description": "Requests a second."})
    force = fields.Bool(load_default=False, metadata={"description": "Also letters that were replayed twice already."})
    dry_run = fields.Bool(load_default=False, metadata={"description": "Say what it would come to; move nothing."})

    @validates_schema
    def _says_which(self, given: dict[str, Any], **_: Any) -> None:
        if not given["all"] and not any(given.get(name) for name in CHOICES):
            raise ValidationError("Say which letters, or all: true.", "all")


class ForecastSchema(Schema):
    """What a replay would come to, by place."""

    dry_run = fields.Bool(required=True)
    letters = fields.Int(required=True)
    places = fields.Dict(required=True)


class ReplayOutSchema(Schema):
    """A replay and how far it has come. ``total`` is null until the letters are counted; ``left``: why some stay."""

    id = fields.Str(required=True)
    state = fields.Str(
        required=True,
        validate=validate.OneOf(["queued", "running", "cancelling", "done", "cancelled", "failed"]),
    )
    asked = fields.Dict(required=True)
    created_at = fields.Str(required=True)
    started_at = fields.Str(required=True, allow_none=True)
    ended_at = fields.Str(required=True, allow_none=True)
    total = fields.Int(required=True, allow_none=True)
    moved = fields.Int(required=True)
    left = fields.Dict(required=True)
    error = fields.Str(required=True, allow_none=True)


@section.post("/replays")
@section.arguments(ReplaySchema, example={"integration": "klaviyo", "kind": "refused", "dry_run": True})
@section.response(202, ReplayOutSchema)
@section.alt_response(200, schema=ForecastSchema, description="The forecast of a dry run.", success=True)
@section.alt_response(404, "NOT_FOUND")
@section.alt_response(409, "CONFLICT")
def start(given: dict[str, Any]) -> dict[str, Any] | Response:
    """Send dead letters again, or say what that would come to (`dry_run`).

    Letters that are written after this stay. They go at a quarter of the integration's limits, or at `rate`.
    """
    asked = _asked(given)
    if given["dry_run"]:
        return jsonify(_forecast(asked))
    return _record(begin(asked, author()))


@section.get("/replays")
@section.arguments(PageArgs, location="query")
@section.response(200, page_of(ReplayOutSchema, "ReplayPage"))
def list_replays(args: dict[str, Any]) -> dict[str, Any]:
    """List the last replays, the latest first."""
    return page(rows_after(listed(), args["cursor"]), args["limit"], lambda row: str(row["id"]))


@section.get("/replays/<identifier>")
@section.response(200, ReplayOutSchema)
@section.alt_response(404, "NOT_FOUND")
def show_replay(identifier: str) -> dict[str, Any]:
    """Show how far a replay has come."""
    return _record(identifier)


@section.post("/replays/<identifier>/cancel")
@section.response(200, ReplayOutSchema)
@section.alt_response(404, "NOT_FOUND")
@section.alt_response(409, "CONFLICT")
def cancel_replay(identifier: str) -> dict[str, Any]:
    """Cancel a replay after the batch in hand. What has moved, has moved."""
    if cancel(identifier, author()) is False:
        raise Problem(409, "ended", f"replay {identifier} has ended already")
    return _record(identifier)


def _asked(given: dict[str, Any]) -> Asked:
    terms = {name: given[name] for name in ("limit", "force", "rate")}
    where(given.get("integration"))
    return Asked(given.get("integration"), wanted(given), then=given["mapping"] == "then", **terms)


def _forecast(asked: Asked) -> dict[str, Any]:
    with slow_turn():
        plan = Plan(current(), Terms(asked.then, asked.force, asked.rate), judge=True)
        plan.gather(select(where(asked.integration), asked.wanted), asked.limit)
        return forecast(plan)


def _record(identifier: str) -> dict[str, Any]:
    record = find(identifier)
    if record is None:
        raise not_found(f"replay {identifier}")
    return record
