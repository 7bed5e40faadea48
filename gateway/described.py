"""How the fields of our own stand in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from flask_smorest import Api
from marshmallow import fields

from schemas.base_url import BaseUrl
from schemas.blueprint import EventRow, Expression
from schemas.entries import Entries
from schemas.limits import LEAST, MOST, Positive
from schemas.moment import Moment
from schemas.origin import Origin
from schemas.text import Text
from schemas.value_field import ValueField

TYPES: dict[type[ValueField[Any]], dict[str, Any]] = {
    BaseUrl: {"type": "string", "format": "uri"},
    Expression: {"type": "string"},
    Moment: {"type": ["string", "number"], "description": "ISO 8601, or epoch seconds or milliseconds."},
    Origin: {"type": "string", "format": "uri"},
    Positive: {"type": ["number", "string"], "minimum": LEAST, "maximum": MOST},
    Text: {"type": "string", "minLength": 1, "maxLength": 255},
}


def describe(api: Api) -> None:
    """Teach an interface's document our fields."""
    for kind in (*TYPES, Entries, EventRow):
        api.register_field(kind, None, None)
    api.ma_plugin.converter.add_attribute_function(of_ours)


def of_ours(self: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """What the document says of a field; nothing of those it knows by itself. ``self`` is apispec's converter."""
    if isinstance(field, Entries):
        return _nullable({"type": "object", "additionalProperties": self.field2property(field.values)}, field)
    if isinstance(field, EventRow):
        row = self.resolve_nested_schema(field.schema)
        return {"anyOf": [{"type": "string"}, row, *([{"type": "null"}] if field.allow_none else [])]}
    known = next((said for kind, said in TYPES.items() if isinstance(field, kind)), {})
    return _nullable(dict(known), field)


def _nullable(said: dict[str, Any], field: fields.Field[Any]) -> dict[str, Any]:
    if not (said and field.allow_none):
        return said
    types = said["type"] if isinstance(said["type"], list) else [said["type"]]
    return {**said, "type": [*types, "null"]}
