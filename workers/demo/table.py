"""The table of a run: what each integration accepted, sent, left out and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich import box
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from workers.demo.progress import Progress, Row, left_out, waiting
from workers.demo.reasons import Reasons

Rate = Callable[[str], float]


def live_table(progress: Progress) -> RenderableType:
    """What is shown while it runs: the table with present rates, the holds, the bar.

    The last line is empty: a terminal writes its ``^C`` there, where it shifts nothing.
    """
    return Group(table(progress, progress.rate), *holds(progress), bar(progress), "")


def table(progress: Progress, rate: Rate, confirmed: Mapping[str, int] | None = None) -> Table:
    """One line an integration. ``confirmed``, at the end: what each stand-in vendor says it accepted."""
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1), pad_edge=False, collapse_padding=True)
    grid.add_column("integration", no_wrap=True)
    for name in ("accepted", *(["waiting", "sent"] if confirmed is None else ["sent", "vendor has"]), "dead", "per s"):
        grid.add_column(name, justify="right", no_wrap=True)
    grid.add_column("left out")
    for name, row in progress.status.get("integrations", {}).items():
        sent = Text(f"{row['delivered']:,}", style="bold")
        middle = [f"{waiting(row):,}", sent] if confirmed is None else [sent, _confirmed(confirmed[name], row)]
        grid.add_row(name, f"{row['accepted']:,}", *middle, _dead(row), _rate(rate(name)), Reasons(left_out(row)))
    return grid


def _confirmed(number: int, row: Row) -> Text:
    return Text(f"{number:,}", style="green" if number == row["delivered"] else "yellow")


def _dead(row: Row) -> Text:
    return Text(f"{row['dead']:,}", style="bold red" if row["dead"] else "")


def _rate(rate: float) -> str:
    return f"{rate:.1f}" if 0 < rate < 10 else f"{rate:,.0f}"


def holds(progress: Progress) -> list[Text]:
    """A line for every integration that is paused or has events aside."""
    lines = []
    for name, row in progress.status.get("integrations", {}).items():
        if row["held"]:
            until = f", until {row['held']['until']}" if row["held"]["until"] else ""
            lines.append(Text(f"{name} is held: {row['held']['reason']}{until}", style="yellow"))
        if row["aside"]:
            lines.append(Text(f"{name}: {row['aside']:,} stepped aside, waiting for another try", style="yellow"))
    return lines


def bar(progress: Progress) -> Table:
    """How many fates are known, of how many."""
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_row(ProgressBar(total=max(progress.total, 1), completed=progress.done), told(progress))
    return grid


def told(progress: Progress) -> str:
    """The same in words: ``3,120 of 5,000 decided, 0:04``."""
    minutes, seconds = divmod(int(progress.seconds), 60)
    return f"{progress.done:,} of {progress.total:,} decided, {minutes}:{seconds:02}"
