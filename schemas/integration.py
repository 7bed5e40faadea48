"""The envelope of an integration in the configuration file; what is inside ``config`` its destination says."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from schemas.base_url import BaseUrl
from schemas.blueprint import BlueprintOverrideSchema
from schemas.entries import Entries, text_field
from schemas.limits import LimitsSchema, Positive, TimeoutSchema


def _default_limits() -> Any:
    return LimitsSchema().load({})


def _default_timeout() -> Any:
    return TimeoutSchema().load({})


class IntegrationSchema(Schema):
    """An installed destination. Null means not given; loading what was loaded gives the same.

    ``consent``            categories that must all be granted
    ``on_missing_consent`` what to do with an event of a person whose consent is unknown
    ``max_waiting``        events that may wait; then ``overflow`` blocks the pipeline's routing or drops
    ``max_wait``           seconds an event may wait untried
    ``on_doubt``           a request whose fate a crash left unknown: send it again, or park it as a dead letter
    """

    destination = text_field(required=True)
    variant = text_field(load_default="default")
    config = Entries(fields.Raw(allow_none=True), load_default=dict)
    consent = fields.List(
        text_field(), load_default=list, error_messages={"invalid": "Must be a list, like [marketing]."}
    )
    on_missing_consent = fields.Str(load_default="deny", validate=validate.OneOf(["deny", "allow"]))
    base_url = BaseUrl(load_default=None, allow_none=True)
    limits = fields.Nested(LimitsSchema, load_default=_default_limits)
    blueprint = fields.Nested(BlueprintOverrideSchema, load_default=dict)
    enabled = fields.Bool(load_default=True)
    max_waiting = fields.Int(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1))
    overflow = fields.Str(load_default="block", validate=validate.OneOf(["block", "drop"]))
    max_wait = Positive(load_default=None, allow_none=True)
    on_doubt = fields.Str(load_default="resend", validate=validate.OneOf(["resend", "park"]))
    timeout = fields.Nested(TimeoutSchema, load_default=_default_timeout)
    label = text_field(load_default=None, allow_none=True)

    @pre_load
    def _without_nulls(self, spec: Any, **_: Any) -> Any:
        return {key: value for key, value in spec.items() if value is not None} if isinstance(spec, dict) else spec

    @validates_schema(skip_on_field_errors=False)
    def _lifts_only_with_base_url(self, spec: dict[str, Any], **_: Any) -> None:
        if spec.get("limits", {}).get("lifted") and "base_url" in spec and not spec["base_url"]:
            raise ValidationError(
                {"limits": {"lifted": ["Only for a sandbox or a proxy: give base_url too, or leave lifted out."]}}
            )
