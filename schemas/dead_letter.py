"""Dead letters: events that will not be delivered as they are, and why."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.moment import Moment

KINDS = ("invalid", "refused", "expired", "exhausted", "in_doubt", "bug")


class DeadLetterSchema(Schema):
    """One dead letter, as it is kept and shown.

    ``integration`` is null for one of the inbox, whose ``event`` may be the text that did not parse. ``request`` and
    ``answer`` are of the last attempt, secrets masked; null when it never came to one. ``reason`` is one sentence,
    ``hint`` the vendor's remedy.
    """

    id = fields.Str(required=True)
    integration = fields.Str(required=True, allow_none=True)
    kind = fields.Str(required=True, validate=validate.OneOf(KINDS))
    event = fields.Raw(required=True)
    revision = fields.Int(load_default=None, allow_none=True)
    request = fields.Raw(load_default=None, allow_none=True)
    answer = fields.Raw(load_default=None, allow_none=True)
    attempts = fields.Int(load_default=0, validate=validate.Range(min=0))
    first_at = Moment(required=True)
    last_at = Moment(required=True)
    reason = fields.Str(required=True)
    hint = fields.Str(load_default="")
