"""Rows of ``explain`` for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.json import JSON
from rich.padding import Padding
from rich.text import Text

from workers.cli.terminal import console

COLOURS = {"send": "green", "drop": "yellow", "reject": "red"}


def show_row(row: Mapping[str, Any], to: Console | None = None) -> None:
    """One row: verdict, why, what was repaired, what to beware of, and the requests."""
    where = f"{row['integration']} ({row['destination']})" if row["integration"] else "the event"
    head = Text.assemble((row["outcome"].upper(), f"bold {COLOURS[row['outcome']]}"), f"  {where}  ")
    head.append(str(row["message_id"] or ""), "dim")
    (to or console()).print(Group(head, *map(_indented, _details(row)), ""))


def _details(row: Mapping[str, Any]) -> list[RenderableType]:
    lines: list[RenderableType] = [Text(row["reason"], COLOURS[row["outcome"]])] if row["reason"] else []
    lines += [Text(f"repaired: {repair}", "cyan") for repair in row["repairs"]]
    lines += [Text(f"warning: {warning}", "yellow") for warning in row["warnings"]]
    for request in (row["request"], *row.get("then", ())):
        lines += request_lines(request) if request else []
    return lines


def request_lines(request: Mapping[str, Any]) -> list[RenderableType]:
    """A request for people: method and URL, headers, body."""
    lines: list[RenderableType] = [Text(f"{request['method']} {request['url']}", "bold", overflow="fold")]
    lines += [Text(f"{name}: {value}", "dim") for name, value in request["headers"].items()]
    if request["body"] not in (None, ""):
        lines.append(body(request["body"]))
    return lines


def body(value: Any) -> RenderableType:
    """A body: JSON is indented and coloured, a text is left as it is."""
    if isinstance(value, str):
        try:
            return JSON(value, indent=2)
        except ValueError:
            return Text(value, overflow="fold")
    return JSON.from_data(value, indent=2)


def _indented(line: RenderableType) -> RenderableType:
    return Padding(line, (0, 0, 0, 2))
