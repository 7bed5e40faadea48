"""``pipelines``: which integrations a source's events go to."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from gateway.admin.edited import carry
from gateway.admin.faults import not_found
from gateway.admin.pages import PageArgs, after, page, page_of
from gateway.admin.schemas import PipelineInSchema
from gateway.admin.section import Section
from schemas.pipeline import PipelineSchema
from workers import edits
from workers.registry import Installed, read_installed

EXAMPLE = {"integrations": ["klaviyo"], "origins": ["https://shop.example.com"], "rate": 1000}

section = Section("pipelines", "Which integrations a source's events go to.")


class PipelineOutSchema(PipelineSchema):
    """A pipeline with its name."""

    name = fields.Str(required=True)


@section.get("/pipelines")
@section.arguments(PageArgs, location="query")
@section.response(200, page_of(PipelineOutSchema, "PipelinePage"))
def list_pipelines(args: dict[str, Any]) -> dict[str, Any]:
    """List the pipelines, by name."""
    found = read_installed()
    views = (_view(name, found) for name in after(found.pipelines, args["cursor"]))
    return page(views, args["limit"], lambda shown: str(shown["name"]))


@section.get("/pipelines/<name>")
@section.response(200, PipelineOutSchema)
@section.alt_response(404, "NOT_FOUND")
def show_pipeline(name: str) -> dict[str, Any]:
    """Show one pipeline."""
    return _view(name, read_installed())


@section.put("/pipelines/<name>")
@section.arguments(PipelineInSchema, example=EXAMPLE)
@section.response(200, PipelineOutSchema)
@section.alt_response(409, "CONFLICT")
def put_pipeline(spec: dict[str, Any], name: str) -> dict[str, Any]:
    """Make a pipeline, or say anew which integrations its events go to and who may hand them in."""
    carry(edits.routed, name, spec, place=f"pipelines.{name}")
    return _view(name, read_installed())


@section.delete("/pipelines/<name>")
@section.response(204)
@section.alt_response(404, "NOT_FOUND")
@section.alt_response(409, "CONFLICT")
def delete_pipeline(name: str) -> None:
    """Remove a pipeline, whose inbox must be empty. Its write keys open nothing any more."""
    carry(edits.unrouted, name)


def _view(name: str, found: Installed) -> dict[str, Any]:
    if name not in found.pipelines:
        raise not_found(f"pipeline {name}")
    return {"name": name, **found.pipelines[name]}
