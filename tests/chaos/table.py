"""The table of a run: rich on a terminal, plain and aligned in a pipe or a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

Row = dict[str, Any]

COLUMNS = (
    ("", "scenario"),
    ("scenario", "title"),
    ("events", "events"),
    ("lost", "lost"),
    ("repeated, deduped", "repeated_after_dedupe"),
    ("repeated, elsewhere", "repeated_elsewhere"),
    ("in doubt there", "in_doubt_elsewhere"),
    ("out of order", "out_of_order"),
    ("balance", "balance"),
    ("seconds", "seconds"),
    ("", "result"),
)

LEGEND = """\
repeated, deduped: left at Kissmetrics, Klaviyo and LaunchDarkly after their own dedupe; must be none.
repeated, elsewhere: at Kustomer and Statsig; may be no more than the ledger counts as in doubt there.
But for 3b and 3c, where Redis may forget its last seconds, and with them what was delivered in them."""


def cells(row: Row) -> list[str]:
    """A row as text, in the order of the columns."""
    known = {**row, "result": "FAILED" if row["faults"] else "ok"}
    return [_shown(known.get(name, "?")) for _, name in COLUMNS]


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def plain(rows: Sequence[Row]) -> str:
    """The table as plain text."""
    lines = [[title for title, _ in COLUMNS], *map(cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    shown = [
        "  ".join(
            text.ljust(width) if column in (0, 1, len(COLUMNS) - 1) else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join([shown[0], "─" * max(map(len, shown)), *shown[1:]])


def reasons(rows: Sequence[Row]) -> list[str]:
    """Why rows failed, a line each."""
    return [f"{row['scenario']}  {fault}" for row in rows for fault in row["faults"]]


def remarks(rows: Sequence[Row]) -> list[str]:
    """What was lost within what Redis had not promised to keep yet; how many events waited where that is the point."""
    lost = "{scenario}: {lost:,} copies lost of {at_risk:,} that were acknowledged in the last seconds before a kill."
    waited = "{scenario}: {waited:,} copies waited behind their limits, for longer than the maximum age."
    told = [lost.format_map(row) for row in rows if row.get("at_risk")]
    return told + [waited.format_map(row) for row in rows if row.get("waited")]


def show(rows: Sequence[Row]) -> None:
    """Print the table, and below it what failed and why."""
    if sys.stdout.isatty():
        _show_rich(rows)
        return
    sys.stdout.write("\n".join([plain(rows), "", LEGEND, *remarks(rows), *reasons(rows), ""]))


def _show_rich(rows: Sequence[Row]) -> None:
    table, console = Table(box=SIMPLE_HEAD), Console()
    for title, name in COLUMNS:
        table.add_column(title, justify="left" if name in ("scenario", "title", "result") else "right")
    for row in rows:
        table.add_row(*cells(row), style="red" if row["faults"] else "")
    console.print(table)
    console.print("\n".join([LEGEND, *remarks(rows)]), style="dim", highlight=False)
    for reason in reasons(rows):
        console.print(reason, style="red", markup=False, highlight=False)
