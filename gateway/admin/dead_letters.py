"""``dead-letters``: events that will not be delivered as they are, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from marshmallow import fields, validate

from gateway.admin.chosen import FilterSchema, wanted, where
from gateway.admin.faults import not_found
from gateway.admin.pages import PageArgs, page_of
from gateway.admin.section import Section
from gateway.admin.turns import slow_turn
from schemas.dead_letter import DeadLetterSchema
from workers.dead import Letter, find, letters

section = Section("dead letters", "Events that will not be delivered as they are, and why.")

LOOKED_AT = 5_000
"""So many letters are looked at for one page, which may so have fewer items than asked for, or none."""

ID = re.compile(r"([a-z0-9-]+/){1,2}\d{1,19}-\d{1,19}\Z")


class ListArgs(FilterSchema, PageArgs):
    """Which letters, and which page."""

    cursor = fields.Str(load_default=None, validate=validate.Regexp(ID, error="is no cursor of ours"))


@section.get("/dead-letters")
@section.arguments(ListArgs, location="query")
@section.response(200, page_of(DeadLetterSchema, "DeadLetterPage"))
@section.alt_response(404, "NOT_FOUND")
def list_letters(args: dict[str, Any]) -> dict[str, Any]:
    """List dead letters, the latest first.

    With a filter a page may have fewer items than asked for, or none: go on while there is a `next`.
    """
    asked = wanted(args)
    with slow_turn():
        return _page(letters(where(args.get("integration")), args["cursor"]), args["limit"], asked.wants)


@section.get("/dead-letters/<path:identifier>")
@section.response(200, DeadLetterSchema)
@section.alt_response(404, "NOT_FOUND")
def show_letter(identifier: str) -> Letter:
    """Show one dead letter whole."""
    found = find(where(None), identifier)
    if len(found) != 1:
        raise not_found(f"dead letter {identifier}")
    return found[0]


def _page(found: Iterator[Letter], limit: int, wants: Any) -> dict[str, Any]:
    items: list[Letter] = []
    last = None
    for letter in islice(found, LOOKED_AT):
        if len(items) == limit:
            break
        last = letter["id"]
        if wants(letter):
            items.append(letter)
    else:
        last = last if next(found, None) else None
    return {"items": items, "next": last}
