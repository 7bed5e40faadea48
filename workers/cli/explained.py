"""Rows of ``explain``, requests and bodies for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from rich.console import Console, Group, RenderableType
from rich.json import JSON
from rich.padding import Padding
from rich.text import Text

from workers.cli.terminal import console, printable

COLOURS = {"send": "green", "drop": "yellow", "reject": "red"}
BODY_SHOWN = 16_384
"""A longer body is not laid out but printed as it is: it is a batch, and for a program to read."""


def show_row(row: Mapping[str, Any], to: Console | None = None) -> None:
    """One row: verdict, why, what was repaired, what to beware of, and the requests."""
    where = f"{row['integration']} ({row['destination']})" if row["integration"] else "the event"
    head = text(row["outcome"].upper(), f"bold {COLOURS[row['outcome']]}")
    head.append(f"  {where}  ").append(printable(str(row["message_id"] or "")), "dim")
    (to or console()).print(Group(head, *map(indented, _details(row)), ""))


def _details(row: Mapping[str, Any]) -> list[RenderableType]:
    lines: list[RenderableType] = [text(row["reason"], COLOURS[row["outcome"]])] if row["reason"] else []
    lines += [text(f"repaired: {repair}", "cyan") for repair in row["repairs"]]
    lines += [text(f"warning: {warning}", "yellow") for warning in row["warnings"]]
    for request in (row["request"], *row.get("then", ())):
        lines += request_lines(request) if request else []
    return lines


def request_lines(request: Mapping[str, Any]) -> list[RenderableType]:
    """A request for people: method and URL, headers, body."""
    lines: list[RenderableType] = [text(f"{request['method']} {request['url']}", "bold")]
    lines += [text(f"{name}: {value}", "dim") for name, value in request["headers"].items()]
    if request["body"] not in (None, ""):
        lines.append(body(request["body"]))
    return lines


def body(value: Any) -> RenderableType:
    """A body: JSON is indented and coloured, a text is left as it is."""
    if not isinstance(value, str):
        return JSON.from_data(value, indent=2)
    try:
        parsed = orjson.loads(value) if len(value) <= BODY_SHOWN else None
    except orjson.JSONDecodeError:
        parsed = None
    return text(value) if parsed is None else JSON.from_data(parsed, indent=2)


def text(line: str, style: str = "") -> Text:
    """A line of text, wrapped anywhere, of which nothing but its letters reaches the terminal."""
    return Text(printable(line), style, overflow="fold")


def indented(line: RenderableType) -> RenderableType:
    """Two columns further in."""
    return Padding(line, (0, 0, 0, 2), expand=False)
