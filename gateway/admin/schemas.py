"""What an integration looks like to the admin API: the envelope of the configuration file, with its name."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate
from marshmallow.types import StrSequenceOrSet

from schemas.entries import text_field
from schemas.integration import IntegrationSchema
from schemas.names import check_name, slug
from schemas.pipeline import PipelineSchema

SERVER_SIDE = "server_side"


def delivery_mode() -> fields.Str:
    """The one way we deliver, named as those do who know others."""
    return fields.Str(load_default=SERVER_SIDE, validate=validate.OneOf([SERVER_SIDE]))


class Unread(Schema):
    """A body that the document describes, and whose faults are told later, with those of what depends on it."""

    def load(self, data: Any, **_: Any) -> dict[str, Any]:
        """The body as it came, if it is an object at all."""
        if not isinstance(data, dict):
            raise ValidationError("Must be an object.")
        return data


class Described(Unread, IntegrationSchema):
    """An integration, or parts of one."""


class PipelineInSchema(Unread, PipelineSchema):
    """A pipeline, as it stands in a configuration file."""


class EnvelopeSchema(Schema):
    """What an installation says besides its specification. ``slug`` comes of the name."""

    name = text_field(required=True, metadata={"description": "A label. Its slug names queue and keys."})
    delivery_mode = delivery_mode()
    pipelines = fields.List(
        fields.Str(validate=check_name),
        load_default=lambda: ["default"],
        metadata={"description": "The pipelines that get it; made where there are none."},
    )

    @post_load
    def _with_slug(self, given: dict[str, Any], **_: Any) -> dict[str, Any]:
        try:
            return {**given, "slug": slug(given["name"])}
        except ValidationError as error:
            raise ValidationError(error.messages, "name") from error


class InstallSchema(Described, EnvelopeSchema):
    """An integration to install. ``name`` is a label; its slug names the queue."""

    class Meta:
        """The path says the destination; the name is the label."""

        exclude: StrSequenceOrSet = ("destination", "label")


class PatchSchema(Described):
    """Parts of an integration to change; null takes one back to its default. Of ``config`` only the fields given."""

    revision = fields.Int(
        strict=True, metadata={"description": "Change it only if this revision is in force, else answer 409."}
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"partial": True, **options})

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:  # noqa: ARG002  # marshmallow's
        """Let every part be null."""
        field_obj.allow_none = True


class IntegrationOutSchema(IntegrationSchema):
    """An installed integration, secrets masked."""

    name = fields.Str(required=True)
    revision = fields.Int(required=True)
    delivery_mode = delivery_mode()
    pipelines = fields.List(fields.Str(), required=True)
    fault = fields.Str(required=True, allow_none=True, metadata={"description": "Why it cannot be used, if so."})
    recommended = fields.List(
        fields.Str(), required=True, metadata={"description": "Categories of consent that it should ask for."}
    )


class RevisionSchema(Schema):
    """One revision of an integration: who stored it, and when."""

    revision = fields.Int(required=True)
    at = fields.Str(required=True)
    by = fields.Str(required=True)


class WholeRevisionSchema(RevisionSchema):
    """And what it said, secrets masked, each with the revision it was given at."""

    spec = fields.Nested(IntegrationSchema, required=True)
