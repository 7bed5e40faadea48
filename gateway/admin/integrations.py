"""``integrations``: list, show, change, enable, disable, delete."""

from __future__ import annotations

from typing import Any

from gateway.admin.edited import carry
from gateway.admin.pages import PageArgs, after, page, page_of
from gateway.admin.schemas import IntegrationOutSchema, PatchSchema
from gateway.admin.section import Section
from gateway.admin.views import current, view, viewed
from workers import edits
from workers.registry import read_installed

section = Section("integrations", "The integrations that are installed.")


@section.get("/integrations")
@section.arguments(PageArgs, location="query")
@section.response(200, page_of(IntegrationOutSchema, "IntegrationPage"))
def list_integrations(args: dict[str, Any]) -> dict[str, Any]:
    """List the integrations, by name; secrets are masked."""
    found, fleet = read_installed(), current()
    views = (view(name, found, fleet) for name in after(found.present, args["cursor"]))
    return page(views, args["limit"], lambda shown: str(shown["name"]))


@section.get("/integrations/<name>")
@section.response(200, IntegrationOutSchema)
@section.alt_response(404, "NOT_FOUND")
def show_integration(name: str) -> dict[str, Any]:
    """Show one integration; secrets are masked."""
    return viewed(name)


@section.patch("/integrations/<name>")
@section.arguments(
    PatchSchema, example={"consent": ["marketing"], "limits": {"requests_per_second": 50}, "revision": 1}
)
@section.response(200, IntegrationOutSchema)
@section.alt_response(404, "NOT_FOUND")
@section.alt_response(409, "CONFLICT")
def change_integration(parts: dict[str, Any], name: str) -> dict[str, Any]:
    """Change parts of an integration.

    A secret left out, or given as `***`, stays as it is. Where requests would go to another host, every secret must be
    given anew.
    """
    revision = parts.pop("revision", None)
    faults = []
    if revision is not None and type(revision) is not int:
        revision, faults = None, ["revision: Not a valid integer."]
    carry(edits.changed, name, parts, revision, faults, place=f"integrations.{name}")
    return viewed(name)


@section.post("/integrations/<name>/enable")
@section.response(200, IntegrationOutSchema)
@section.alt_response(404, "NOT_FOUND")
def enable(name: str) -> dict[str, Any]:
    """Let an integration deliver: what waited in it goes at once."""
    return _switched(name, enabled=True)


@section.post("/integrations/<name>/disable")
@section.response(200, IntegrationOutSchema)
@section.alt_response(404, "NOT_FOUND")
def disable(name: str) -> dict[str, Any]:
    """Hold an integration until it is enabled: its events still arrive, and wait."""
    return _switched(name, enabled=False)


@section.delete("/integrations/<name>")
@section.response(204)
@section.alt_response(404, "NOT_FOUND")
@section.alt_response(409, "CONFLICT")
def delete_integration(name: str) -> None:
    """Remove an integration, from its pipelines too.

    What waits in it is held until it is installed again, or dropped by `fleet purge`.
    """
    carry(edits.removed, name)


def _switched(name: str, *, enabled: bool) -> dict[str, Any]:
    carry(edits.changed, name, {"enabled": enabled}, place=f"integrations.{name}")
    return viewed(name)
