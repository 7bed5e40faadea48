"""``integration-catalog``: the destinations there are, and what each wants to know."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from destinations.form.catalog import catalog
from destinations.form.destination import Destination
from destinations.form.mapping import merge
from destinations.form.parts import Batch
from destinations.form.samples import choices, defaults
from gateway.admin.faults import not_found
from gateway.admin.pages import PageArgs, after, page, page_of
from gateway.admin.section import Section
from schemas.blueprint import BlueprintSchema
from schemas.entries import Entries

section = Section("integration catalog", "The destinations there are, and what each wants to know.")


class EntrySchema(Schema):
    """A destination, in short."""

    name = fields.Str(required=True)
    title = fields.Str(required=True)
    docs = fields.Str(required=True, metadata={"description": "The vendor's documentation."})
    variants = fields.List(fields.Str(), required=True)
    consent = fields.List(fields.Str(), required=True, metadata={"description": "Categories its page advises."})


class FieldSchema(Schema):
    """A field of a destination's ``config``."""

    name = fields.Str(required=True)
    label = fields.Str(required=True)
    help = fields.Str(required=True)
    required = fields.Bool(required=True)
    secret = fields.Bool(required=True)
    default = fields.Raw(required=True, allow_none=True)
    choices = fields.List(fields.Raw(), required=True)


class EventSchema(Schema):
    """A row of a variant's event table."""

    event = fields.Str(required=True)
    sent_as = fields.Str(required=True)
    fields_ = fields.Dict(required=True, data_key="fields", attribute="fields")


class VariantSchema(Schema):
    """A ready-made mapping: its event table, and the whole blueprint."""

    events = fields.List(fields.Nested(EventSchema), required=True)
    unmapped = fields.Str(required=True, metadata={"description": "What becomes of other events: drop or forward."})
    blueprint = fields.Nested(BlueprintSchema, required=True)


class LimitSchema(Schema):
    """At most so many requests in so many seconds, and who says so."""

    requests = fields.Int(required=True)
    seconds = fields.Float(required=True)
    source = fields.Str(required=True)


class DestinationSchema(Schema):
    """A destination, as far as an installation is concerned; limits and batch with every option at its default."""

    name = fields.Str(required=True)
    title = fields.Str(required=True)
    docs = fields.Str(required=True)
    host = fields.Str(required=True)
    fields_ = fields.List(fields.Nested(FieldSchema), required=True, data_key="fields", attribute="fields")
    variants = Entries(fields.Nested(VariantSchema), required=True)
    limits = fields.List(fields.Nested(LimitSchema), required=True)
    events_per_request = fields.Int(required=True)
    consent = fields.List(fields.Str(), required=True)
    confirms = fields.Bool(required=True, metadata={"description": "Whether the vendor's success proves a delivery."})
    dedupes = fields.Bool(required=True, metadata={"description": "Whether the vendor knows a repeated request."})
    hints = fields.Dict(required=True, metadata={"description": "What to do about an answer of a status."})


@section.get("/integration-catalog")
@section.arguments(PageArgs, location="query")
@section.response(200, page_of(EntrySchema, "CatalogPage"))
def list_destinations(args: dict[str, Any]) -> dict[str, Any]:
    """List the destinations there are."""
    return page(map(_entry, after(catalog(), args["cursor"])), args["limit"], lambda entry: str(entry["name"]))


@section.get("/integration-catalog/<destination>")
@section.response(200, DestinationSchema)
@section.alt_response(404, "NOT_FOUND")
def show_destination(destination: str) -> dict[str, Any]:
    """Show what a destination wants to know, its variants with their event tables, its limits."""
    return _whole(known(destination))


def known(name: str) -> Destination:
    """The destination of a name."""
    if name not in catalog():
        raise not_found(f"destination {name}; there are {', '.join(catalog())}")
    return catalog()[name]


def _entry(name: str) -> dict[str, Any]:
    one = catalog()[name]
    about = {"name": one.name, "title": one.title, "docs": one.docs}
    return {**about, "variants": list(one.variants), "consent": list(one.consent)}


def _whole(one: Destination) -> dict[str, Any]:
    config = defaults(one)
    batch = one.batch if isinstance(one.batch, Batch) else one.batch(config)
    return {
        **_entry(one.name),
        "host": one.host(config),
        "fields": [_field(name, field, config[name]) for name, field in one.config.fields.items()],
        "variants": {name: _variant(merge(variant)) for name, variant in one.variants.items()},
        "limits": one.limits(config),
        "events_per_request": batch.events,
        "confirms": one.confirms,
        "dedupes": one.dedupes,
        "hints": {str(status): hint for status, hint in one.hints.items()},
    }


def _field(name: str, field: fields.Field[Any], default: Any) -> dict[str, Any]:
    told = {"label": field.metadata.get("label", name), "help": field.metadata.get("help", "")}
    secret = bool(field.metadata.get("secret"))
    usual = {"default": None if field.required else default, "choices": choices(field)}
    return {"name": name, **told, "required": field.required, "secret": secret, **usual}


def _variant(blueprint: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {"event": event, "sent_as": row["name"], "fields": row["fields"]} for event, row in blueprint["events"].items()
    ]
    return {"events": rows, "unmapped": blueprint["unmapped"], "blueprint": blueprint}
