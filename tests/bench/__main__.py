"""``make bench``: ``python -m tests.bench [--quick] [--only enqueue,latency] [--profile] [--json] [--write-docs]``."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from tests.bench import docs, table
from tests.bench.bars import judge
from tests.bench.chart import chart
from tests.bench.form import FORMS, Form
from tests.bench.machine import machine, missing
from tests.bench.profiles import profiles
from tests.bench.runner import PARTS, run
from tests.bench.stage import VENDORS, Stage

FOLDER = Path(".fleet/bench")
INTERRUPTED = 130
WITH_OTHERS = frozenset({"enqueue", "deliver"})
"""Parts in which other libraries take part."""


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    built = argparse.ArgumentParser(prog="make bench", description="What it costs, beside what else one would write.")
    built.add_argument("--quick", action="store_true", help="smaller backlogs, one round; up to 3 minutes")
    built.add_argument("--only", metavar="PART,…", default=",".join(PARTS), help="these parts (default: %(default)s)")
    built.add_argument("--vendors", metavar="NAME,…", default=",".join(VENDORS), help="deliver to these alone")
    built.add_argument("--profile", action="store_true", help="show where the time goes, and measure nothing else")
    built.add_argument("--results", metavar="FILE", type=Path, help="measure nothing: take an earlier run's results")
    built.add_argument("--write-docs", action="store_true", help="put what was found into docs/ and README.md")
    built.add_argument("--folder", type=Path, default=FOLDER, help="for logs, results, chart (default: %(default)s)")
    built.add_argument("--json", action="store_true", help="print the results as JSON, not a table")
    return built


def main() -> int:
    """Measure, judge and print; 1 when a bar is missed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asked = parser().parse_args()
    form = replace(FORMS["quick" if asked.quick else "long"], vendors=_named("--vendors", asked.vendors, VENDORS))
    try:
        if asked.profile:
            return profile(form, asked)
        found = earlier(asked.results) if asked.results else measure(form, asked)
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted; everything that was started has ended\n")
        return INTERRUPTED
    return report(found, asked)


def _named(option: str, given: str, known: Any) -> tuple[str, ...]:
    names = tuple(given.split(","))
    if unknown := [name for name in names if name not in known]:
        parser().error(f"{option}: there is no {', '.join(unknown)}; there are {', '.join(known)}")
    return names


def earlier(file: Path) -> Any:
    """The results of an earlier run."""
    try:
        return orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        parser().error(f"--results: {file} cannot be read ({error}); it is the results.json of a run's --folder")


def measure(form: Form, asked: argparse.Namespace) -> dict[str, Any]:
    """Measure everything asked for; the results, which are in ``results.json``, too."""
    names = _named("--only", asked.only, PARTS)
    if absent := missing() if WITH_OTHERS.intersection(names) else []:
        parser().error(f"not installed: {', '.join(absent)}; run it as make bench, or run make .venv/.bench before")
    shutil.rmtree(asked.folder, ignore_errors=True)
    started = time.monotonic()
    with Stage(asked.folder) as stage:
        about = machine(stage)
        samples = run(stage, form, names)
    seconds = round(time.monotonic() - started)
    found = {"form": form.name, "seconds": seconds, "machine": about, "samples": samples}
    (asked.folder / "results.json").write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    (asked.folder / "chart.svg").write_text(chart(samples), encoding="utf-8")
    return found


def report(found: dict[str, Any], asked: argparse.Namespace) -> int:
    """Show results; 1 when a bar is missed."""
    judged = judge(found["samples"])
    if asked.write_docs:
        docs.write(found)
    if asked.json:
        rows = [{**dict(zip(("part", "title"), table.cells(one), strict=False)), **_numbers(one)} for one in judged]
        sys.stdout.write(orjson.dumps({**found, "bars": rows}, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        table.show(judged)
        sys.stderr.write(f"{found['seconds']} s in all; results.json and chart.svg in {asked.folder}\n")
    return int(not all(one.met for one in judged))


def _numbers(one: Any) -> dict[str, Any]:
    bar = one.bar
    bounds = {"least": bar.least, "most": bar.most, "unit": bar.unit.strip()}
    return {"figure": one.figure, "low": one.low, "high": one.high, **bounds, "met": one.met}


def profile(form: Form, asked: argparse.Namespace) -> int:
    """Show where the time goes."""
    shutil.rmtree(asked.folder, ignore_errors=True)
    with Stage(asked.folder) as stage:
        pages = []
        for one in profiles(stage, form):
            pages.append("\n".join(one.lines()))
            sys.stdout.write(pages[-1] + "\n\n")
            sys.stdout.flush()
    if asked.write_docs:
        docs.write_profile(pages)
    return 0


if __name__ == "__main__":
    sys.exit(main())
