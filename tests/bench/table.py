"""The table of the bars: rich on a terminal, plain and aligned in a pipe, Markdown in the documentation."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tests.bench.bars import Judged

HEAD = ("part", "figure", "measured", "bar", "lowest … highest", "")
RIGHT = (2, 3, 4)


def cells(judged: Judged) -> list[str]:
    """A row as text."""
    bar = judged.bar
    bounds = [f"{sign} {number(bound)}" for sign, bound in (("≥", bar.least), ("≤", bar.most)) if bound is not None]
    spread = "" if judged.low == judged.high else f"{number(judged.low)} … {number(judged.high)}"
    word = "met" if judged.met else "MISSED"
    return [bar.part, bar.title, number(judged.figure) + bar.unit, ", ".join(bounds), spread, word]


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 99.95 or value == int(value) else f"{value:#.3g}"


def plain(judged: Sequence[Judged]) -> str:
    """The table as plain text."""
    lines = [list(HEAD), *map(cells, judged)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    shown = [
        "  ".join(
            text.rjust(width) if column in RIGHT else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join([shown[0], "─" * max(map(len, shown)), *shown[1:]])


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """Any table as Markdown; ``right`` are columns of numbers."""
    rule = ["--:" if column in right else "---" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *rows))


def show(judged: Sequence[Judged]) -> None:
    """Print the table."""
    if sys.stdout.isatty():
        _show_rich(judged)
    else:
        sys.stdout.write(plain(judged) + "\n")


def _show_rich(judged: Sequence[Judged]) -> None:
    table = Table(box=SIMPLE_HEAD)
    for column, title in enumerate(HEAD):
        table.add_column(title, justify="right" if column in RIGHT else "left")
    for one in judged:
        *row, word = cells(one)
        table.add_row(*row, f"[green]{word}[/]" if one.met else f"[bold red]{word}[/]")
    Console().print(table)
