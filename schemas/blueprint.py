"""Blueprints: how an event becomes a vendor's record, as data.

``{unmapped, events: {Event Name: vendor name or {name, fields}}, fields: {target: expression}, rest}``.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from schemas import shown
from schemas.entries import Entries, text_field
from schemas.value_field import ValueField


class Expression(ValueField[str]):
    """JMESPath as text; whether it compiles is the blueprint compiler's to say."""

    def _read(self, value: Any) -> str:
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, bool | int | float):
            raise ValidationError(f"Must be an expression; write the constant {shown.value(value)} between backticks.")
        raise ValidationError(f"Must be an expression like properties.revenue, not {shown.value(value)}.")


class EventRowSchema(Schema):
    """What becomes of one event: its vendor name, and fields that go before the general ones."""

    name = text_field(required=True)
    fields_ = Entries(Expression(), data_key="fields", attribute="fields")


class EventRowOverrideSchema(Schema):
    """A change to one event's row; a null field is removed."""

    name = text_field()
    fields_ = Entries(Expression(allow_none=True), data_key="fields", attribute="fields")


class EventRow(ValueField[Any]):
    """A vendor name, or an object of ``schema``; kept as it was written."""

    def __init__(self, schema: type[Schema], **options: Any) -> None:
        super().__init__(**options)
        self.schema = schema

    def _read(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self.schema().load(value)
        if isinstance(value, str) and value.strip():
            return value
        raise ValidationError(f"Must be a vendor event name, or {{name, fields}}, not {shown.value(value)}.")


_STYLES = ("as_is", "title", "camel", "snake")
_NAMED = ("omit", "keep")


class RestSchema(Schema):
    """What happens to everything of ``from`` that no field names.

    It goes below the target path ``into`` (empty: the record itself), its keys written in ``style``, but for those
    in ``except``. ``named: keep`` repeats there what a field has already taken.
    """

    from_ = text_field(data_key="from", attribute="from", load_default="properties")
    into = fields.Str(load_default="")
    style = fields.Str(load_default="as_is", validate=validate.OneOf(_STYLES))
    except_ = fields.List(text_field(), data_key="except", attribute="except", load_default=list)
    named = fields.Str(load_default="omit", validate=validate.OneOf(_NAMED))


class RestOverrideSchema(Schema):
    """Those parts of ``rest`` that change."""

    from_ = text_field(data_key="from", attribute="from")
    into = fields.Str()
    style = fields.Str(validate=validate.OneOf(_STYLES))
    except_ = fields.List(text_field(), data_key="except", attribute="except")
    named = fields.Str(validate=validate.OneOf(_NAMED))


_UNMAPPED = ("drop", "forward")


class BlueprintSchema(Schema):
    """A whole blueprint. ``unmapped``: an event without a row is dropped, or forwarded under its own name.

    ``rest`` is None where only the named fields are sent.
    """

    unmapped = fields.Str(load_default="drop", validate=validate.OneOf(_UNMAPPED))
    events = Entries(EventRow(EventRowSchema), load_default=dict)
    fields_ = Entries(Expression(), data_key="fields", attribute="fields", load_default=dict)
    rest = fields.Nested(RestSchema, load_default=None, allow_none=True)


class BlueprintOverrideSchema(Schema):
    """A change to a variant: every part optional, and null removes an event, a field or ``rest`` altogether."""

    unmapped = fields.Str(validate=validate.OneOf(_UNMAPPED))
    events = Entries(EventRow(EventRowOverrideSchema, allow_none=True))
    fields_ = Entries(Expression(allow_none=True), data_key="fields", attribute="fields")
    rest = fields.Nested(RestOverrideSchema, allow_none=True)
