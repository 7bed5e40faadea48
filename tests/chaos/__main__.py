"""``python -m tests.chaos [--short | --full] [--only 1,3a] [--seed 1] [--json]``: play, count, print one table."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

import orjson

from tests.chaos import table
from tests.chaos.form import FORMS, scenarios
from tests.chaos.runner import Runner, chosen
from tests.chaos.table import Row

FOLDER = Path(".fleet/chaos")


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    built = argparse.ArgumentParser(prog="python -m tests.chaos", description="What survives what, counted.")
    size = built.add_mutually_exclusive_group()
    size.add_argument("--short", action="store_true", help="2,000 events a scenario, durations a tenth; 3 minutes")
    size.add_argument("--full", action="store_true", help="200,000 events a scenario, not 20,000; hours")
    built.add_argument("--only", metavar="N,…", help="these scenarios")
    built.add_argument("--seed", type=int, default=1, help="for everything drawn at random (default: 1)")
    built.add_argument("--at-once", type=int, metavar="N", help="scenarios played side by side")
    built.add_argument("--folder", type=Path, default=FOLDER, help=f"for logs and results.json (default: {FOLDER})")
    built.add_argument("--json", action="store_true", help="print the results, not a table")
    return built


def tell(row: Row) -> None:
    """Say on standard error how a scenario went."""
    word = "FAILED" if row["faults"] else "ok"
    sys.stderr.write(f"{row['scenario']:>4}  {row['title']:<56}{row['seconds']:7} s  {word}\n")


def main() -> int:
    """Play; 1 when a promise was broken."""
    asked, started = parser().parse_args(), time.monotonic()
    form = FORMS["short" if asked.short else "full" if asked.full else "long"]
    try:
        wanted = list(chosen(scenarios(), asked.only))
    except KeyError as unknown:
        parser().error(f"--only: there is no scenario {unknown}; there are {', '.join(scenarios())}")
    shutil.rmtree(asked.folder, ignore_errors=True)
    rows = Runner(form, asked.seed, asked.folder, tell).run(wanted, asked.at_once or form.at_once)
    seconds = round(time.monotonic() - started, 1)
    results = {"form": form.name, "seed": asked.seed, "seconds": seconds, "rows": rows}
    packed = orjson.dumps(results, option=orjson.OPT_INDENT_2)
    (asked.folder / "results.json").write_bytes(packed)
    if asked.json:
        sys.stdout.write(packed.decode() + "\n")
    else:
        table.show(rows)
        sys.stderr.write(f"{seconds} s in all; logs and results.json in {asked.folder}\n")
    return int(any(row["faults"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
