"""Puts figures into the documentation, between marks, so that none is typed by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench import table
from tests.bench.bars import judge
from tests.bench.chart import chart
from tests.bench.headline import headline
from tests.bench.measured import sections

ROOT = Path(__file__).parents[2]
PAGE, CHART, README = ROOT / "docs/performance.md", ROOT / "docs/performance.svg", ROOT / "README.md"


def write(found: Mapping[str, Any]) -> None:
    """Write the tables and the chart of a run into ``docs/performance.md`` and the headline into ``README.md``."""
    samples = found["samples"]
    judged = judge(samples)
    CHART.write_text(chart(samples), encoding="utf-8")
    put(PAGE, "run", _about(found))
    put(PAGE, "bars", table.markdown(table.HEAD, [table.cells(one) for one in judged], table.RIGHT))
    put(PAGE, "measured", sections(samples))
    put(README, "performance", headline(samples))


def write_profile(pages: Sequence[str]) -> None:
    """Write profiles into ``docs/performance.md``."""
    put(PAGE, "profile", "\n\n".join(f"```text\n{page}\n```" for page in pages))


def put(path: Path, mark: str, text: str) -> None:
    """Replace what stands between two marks of a file; ``ValueError`` when they are not there."""
    begin, end = f"<!-- {mark}: written by make bench -->", f"<!-- end of {mark} -->"
    page = path.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"{path} has no place for {mark}: add the lines {begin} and {end}")
    path.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page), encoding="utf-8")


def _about(found: Mapping[str, Any]) -> str:
    about = found["machine"]
    minutes = found["seconds"] / 60
    return (
        f"A {found['form']} run of {minutes:.0f} minutes on {about['processor']}; {about['python']}; {about['redis']}; "
        f"{about['versions']}."
    )
