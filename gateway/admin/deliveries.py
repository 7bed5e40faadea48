"""``deliveries``: recent exchanges with vendors: request, answer, timing."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from gateway.admin.dead_letters import ID
from gateway.admin.pages import PageArgs, page, page_of
from gateway.admin.section import Section
from gateway.admin.trials import ExchangeSchema
from gateway.admin.views import current, installed
from workers.tail import recent

section = Section("deliveries", "Recent exchanges with vendors: request, answer, timing.")


class ListArgs(PageArgs):
    """Whose, and which page."""

    integration = fields.Str(metadata={"description": "Only this integration's."})
    cursor = fields.Str(load_default=None, validate=validate.Regexp(ID, error="is no cursor of ours"))


class DeliverySchema(ExchangeSchema):
    """An exchange that was kept."""

    id = fields.Str(required=True)


@section.get("/deliveries")
@section.arguments(ListArgs, location="query")
@section.response(200, page_of(DeliverySchema, "DeliveryPage"))
@section.alt_response(404, "NOT_FOUND")
def list_deliveries(args: dict[str, Any]) -> dict[str, Any]:
    """List recent exchanges, the latest first: every failure, and some successes a second. Secrets are masked."""
    return page(recent(whose(args.get("integration")), args["cursor"]), args["limit"], lambda sample: str(sample["id"]))


def whose(integration: str | None) -> list[str]:
    """The integrations meant."""
    if integration is None:
        return list(current().names)
    installed(integration)
    return [integration]
