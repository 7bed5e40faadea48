"""The table of ``fleet status``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from workers.cli.status_lines import by_reason, dead, delivered_label, limits, received, remarks, waiting
from workers.cli.terminal import printable
from workers.ledger import Status
from workers.overview import Overview

COLUMNS = ("integration", "waiting", "delivered", "filtered", "dropped", "dead", "aside", "limits", "balance")


def page(
    ledger: Status, overviews: Mapping[str, Overview], before: Status | None = None, seconds: float = 1.0
) -> RenderableType:
    """The status for a terminal. With a look ``before``, ``seconds`` ago, deliveries a second are shown too."""
    table = Table(*COLUMNS, header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    notes = []
    for name, row in ledger["integrations"].items():
        known = overviews.get(name)
        earlier = before and before["integrations"].get(name)
        table.add_row(*_cells(name, row, known, _rate(row, earlier, seconds)))
        notes += [Text.assemble((f"{name}  ", "bold"), (remark, colour)) for colour, remark in remarks(row, known)]
    if not ledger["integrations"]:
        return Group(Text(received(ledger)), Text("nothing is installed yet: fleet apply FILE", "yellow"))
    return Group(Text(received(ledger), "bold"), "", table, "", *notes)


def _cells(name: str, row: Mapping[str, Any], known: Overview | None, rate: str) -> list[Text]:
    label = delivered_label(known)
    said = "" if label == "delivered" else f"\n{label}"
    return [
        Text.assemble((name, "bold"), *((f"\n{line}", "dim") for line in about(name, row, known))),
        Text(waiting(row, known), "cyan" if row["waiting"] else "dim"),
        Text.assemble((f"{row['delivered']:,}", "green" if row["delivered"] else "dim"), rate, (said, "dim")),
        Text(by_reason(row["filtered"]).replace(", ", "\n"), "dim"),
        Text(by_reason(row["dropped"]).replace(", ", "\n"), "yellow" if row["dropped"] else "dim"),
        Text(dead(row, known), "red" if row["dead"] else "dim"),
        Text(f"{row['aside']:,}", "yellow" if row["aside"] else "dim"),
        Text(limits(known).replace(", ", "\n"), "dim"),
        Text(f"{row['balance']:,}", "bold red" if row["balance"] else "green"),
    ]


def about(name: str, row: Mapping[str, Any], known: Overview | None) -> list[str]:
    """What stands below an integration's name: its label, where that says more, and its destination."""
    lines = (printable(known.label) if known else name, row["destination"])
    return list(dict.fromkeys(line for line in lines if line != name))


def _rate(row: Mapping[str, Any], earlier: Mapping[str, Any] | None, seconds: float) -> str:
    return f"\n{(row['delivered'] - earlier['delivered']) / seconds:,.0f}/s" if earlier else ""
