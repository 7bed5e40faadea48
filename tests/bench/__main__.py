"""``python -m tests.bench [--quick] [--only enqueue,latency] [--vendors statsig] [--profile]``."""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from tests.bench.form import FORMS
from tests.bench.parts import deliver, enqueue, limit, transform
from tests.bench.profiles import profiles
from tests.bench.stage import VENDORS, Stage

PARTS = {"transform": transform, "enqueue": enqueue, "limit": limit, "deliver": deliver}
FOLDER = Path(".fleet/bench")


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    built = argparse.ArgumentParser(prog="python -m tests.bench", description="What it costs, measured.")
    built.add_argument("--quick", action="store_true", help="smaller backlogs; up to 3 minutes")
    built.add_argument("--only", metavar="PART,…", help=f"these parts of {', '.join(PARTS)}")
    built.add_argument("--vendors", metavar="NAME,…", default=",".join(VENDORS), help="deliver to these alone")
    built.add_argument("--profile", action="store_true", help="show where the time goes, and measure nothing else")
    return built


def main() -> int:
    """Measure and print."""
    asked = parser().parse_args()
    form = replace(FORMS["quick" if asked.quick else "long"], vendors=tuple(asked.vendors.split(",")))
    shutil.rmtree(FOLDER, ignore_errors=True)
    with Stage(FOLDER) as stage:
        if asked.profile:
            for one in profiles(stage, form):
                sys.stdout.write(f"{one.stage}: {one.us:.1f} µs CPU an event\n")
                sys.stdout.writelines(f"{us:9.2f} µs {calls:8.2f} calls  {name}\n" for us, calls, name in one.rows)
            return 0
        for name in asked.only.split(",") if asked.only else PARTS:
            for case, sample in PARTS[name].play(stage, form):
                shown = "  ".join(f"{key} {value:,.1f}" for key, value in sample.items())
                sys.stdout.write(f"{name:10} {case:28} {shown}\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
