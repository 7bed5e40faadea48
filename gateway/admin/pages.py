"""Cursor pages: ``{"items": […], "next": cursor or null}``. A cursor is the id of a page's last item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, TypeVar

from marshmallow import Schema, fields, validate

from gateway.problems import invalid

Item = TypeVar("Item")

MOST = 200


class LimitArgs(Schema):
    """How large a page."""

    limit = fields.Int(
        strict=False, load_default=50, validate=validate.Range(1, MOST), metadata={"description": "At most so many."}
    )


class PageArgs(LimitArgs):
    """Which page."""

    cursor = fields.Str(
        load_default=None, metadata={"description": "The `next` of the page before. Without: the first page."}
    )


def page_of(item: type[Schema], name: str) -> type[Schema]:
    """The schema of a page of such items."""
    following = fields.Str(required=True, allow_none=True, metadata={"description": "The next page's cursor, if any."})
    return Schema.from_dict({"items": fields.List(fields.Nested(item), required=True), "next": following}, name=name)


def page(items: Iterable[Item], limit: int, cursor_of: Callable[[Item], str]) -> dict[str, Any]:
    """The first page of what follows a cursor."""
    found = list(islice(items, limit + 1))
    more = len(found) > limit
    shown = found[:limit]
    return {"items": shown, "next": cursor_of(shown[-1]) if more else None}


def after(names: Iterable[str], cursor: str | None) -> list[str]:
    """Names in their order, those after the cursor."""
    return sorted(name for name in names if cursor is None or name > cursor)


def rows_after(rows: Sequence[dict[str, Any]], cursor: str | None) -> Sequence[dict[str, Any]]:
    """Rows that have an ``id``, those after the cursor; ``Problem`` 422 when that row is there no longer."""
    if cursor is None:
        return rows
    for position, row in enumerate(rows, 1):
        if row["id"] == cursor:
            return rows[position:]
    raise invalid(["cursor: is no id that is there, or there any longer; begin again without it."])


class NumberPageArgs(LimitArgs):
    """Which page of things that have numbers, the latest first."""

    cursor = fields.Int(load_default=None, metadata={"description": "The `next` of the page before."})
