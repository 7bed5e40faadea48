"""``integration-catalog/{destination}/install``: install an integration."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError

from gateway.admin.catalog import known
from gateway.admin.edited import carry
from gateway.admin.schemas import EnvelopeSchema, InstallSchema, IntegrationOutSchema
from gateway.admin.section import Section
from gateway.admin.views import viewed
from schemas.faults import flatten
from workers import edits

UNKNOWN = "Unknown field."
UNNAMED = "unnamed"

EXAMPLE = {
    "name": "Klaviyo",
    "variant": "default",
    "config": {"public_api_key": "ABC123", "private_api_key": "pk_xxxxxxxxxxxxxxxxxxxx"},
    "delivery_mode": "server_side",
}

section = Section("install", "Install an integration.")


@section.post("/integration-catalog/<destination>/install")
@section.arguments(InstallSchema, example=EXAMPLE)
@section.response(201, IntegrationOutSchema)
@section.alt_response(404, "NOT_FOUND")
@section.alt_response(409, "CONFLICT")
def install(given: dict[str, Any], destination: str) -> dict[str, Any]:
    """Install an integration, and let its pipelines have it. Workers serve it within a second."""
    known(destination)
    spec = {part: value for part, value in given.items() if part not in EnvelopeSchema().fields}
    envelope, faults = _envelope({part: value for part, value in given.items() if part not in spec})
    name, label = envelope["slug"], envelope["name"]
    wrong = [f"integrations.{name}.{part}: {UNKNOWN}" for part in ("destination", "label") if part in spec]
    spec |= {"destination": destination, "label": label}
    pipelines = list(dict.fromkeys(envelope["pipelines"]))
    carry(edits.added, name, spec, pipelines, [*faults, *wrong], place=f"integrations.{name}")
    return viewed(name)


def _envelope(given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What is said besides the specification, and what is wrong with that; where it is, something else in its place."""
    try:
        loaded: dict[str, Any] = EnvelopeSchema().load(given)
    except ValidationError as error:
        return {"slug": UNNAMED, "name": UNNAMED, "pipelines": ["default"]}, flatten(error.messages)
    return loaded, []
