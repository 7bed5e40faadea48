"""Dead letters: events that will not be delivered as they are, and why."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from schemas.moment import Moment

KINDS = ("invalid", "refused", "expired", "exhausted", "in_doubt", "bug")


class DeadLetterSchema(Schema):
    """One dead letter, as it is kept, shown and exported.

    ``integration`` is null for one of an inbox, which names its ``pipeline``, and whose ``event`` is the text that came
    in. ``entry`` is the event's place in its lane, ``revision`` the integration's whose mapping it had. ``request`` and
    ``answer`` are of the last attempt, secrets masked; null when it never came to one. ``attempts`` are those since its
    last replay, ``replays`` how often it was replayed. ``reason`` is one sentence, ``hint`` the vendor's remedy.
    """

    id = fields.Str(required=True)
    integration = fields.Str(required=True, allow_none=True)
    pipeline = fields.Str(load_default=None, allow_none=True)
    kind = fields.Str(required=True, validate=validate.OneOf(KINDS))
    event = fields.Raw(required=True)
    entry = fields.Str(load_default="", validate=validate.Regexp(r"(\d{1,19}-\d{1,19})?\Z"))
    revision = fields.Int(load_default=None, allow_none=True)
    request = fields.Dict(load_default=None, allow_none=True)
    answer = fields.Dict(load_default=None, allow_none=True)
    attempts = fields.Int(load_default=0, validate=validate.Range(min=0))
    replays = fields.Int(load_default=0, validate=validate.Range(min=0))
    first_at = Moment(required=True)
    last_at = Moment(required=True)
    reason = fields.Str(required=True)
    hint = fields.Str(load_default="")

    @validates_schema
    def _has_a_place(self, letter: dict[str, Any], **_: Any) -> None:
        if bool(letter["integration"]) == bool(letter["pipeline"]):
            raise ValidationError("Name the integration, or for a letter of an inbox its pipeline.", "integration")

    @validates_schema
    def _has_an_event(self, letter: dict[str, Any], **_: Any) -> None:
        wanted, what = (dict, "an event") if letter["integration"] else (str, "the text that came in")
        if not isinstance(letter["event"], wanted):
            raise ValidationError(f"Must be {what}.", "event")
