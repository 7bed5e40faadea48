"""One scenario in a process of its own: ``python -m tests.chaos.one NUMBER FORM SEED FOLDER`` leaves ``row.json``."""

from __future__ import annotations

import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import orjson

from tests.chaos.books import Page
from tests.chaos.form import FORMS, scenarios
from tests.chaos.stage import Stage

Row = dict[str, Any]


def play(number: str, form: str, seed: int, folder: Path) -> Row:
    """Play a scenario and count; its row of the table, with what failed under ``faults``."""
    chosen, started = scenarios()[number], time.monotonic()
    row: Row = {"scenario": number, "title": chosen.title, "events": 0, "faults": []}
    try:
        with Stage(FORMS[form], chosen.setup, folder, seed) as stage:
            try:
                chosen.run(stage)
                stage.drain()
            except Exception as error:  # noqa: BLE001  # a row tells of it, and the books are still worth reading
                traceback.print_exc()
                stage.faults.append(f"{type(error).__name__}: {error}")
                settle(stage)
            row |= told(stage, stage.judge())
    except Exception as error:  # noqa: BLE001
        traceback.print_exc()
        row["faults"].append(f"{type(error).__name__}: {error}")
    return {**row, "seconds": round(time.monotonic() - started, 1), "cpu_seconds": round(cpu(), 1)}


def cpu() -> float:
    """CPU seconds of this process and of all it started, once they have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def settle(stage: Stage) -> None:
    """After a failure: let what is under way come to its end, so that the books tell of the failure alone."""
    stage.traffic.stop()
    try:
        stage.drain()
    except Exception as error:  # noqa: BLE001  # the first failure is the one to tell of; what waits is counted so
        traceback.print_exception(error)


def told(stage: Stage, pages: list[Page]) -> Row:
    """A row's numbers: those of all vendors together, and each vendor's."""
    return {
        "events": len(stage.traffic.kept),
        "lost": sum(len(page.lost) for page in pages),
        "at_risk": len(stage.last_second) * len(pages),
        "repeated_after_dedupe": sum(page.repeated for page in pages if page.dedupes),
        "recognised": sum(page.recognised for page in pages),
        "repeated_elsewhere": sum(page.repeated for page in pages if not page.dedupes),
        "in_doubt": sum(page.in_doubt for page in pages),
        "in_doubt_elsewhere": sum(page.in_doubt for page in pages if not page.dedupes),
        "out_of_order": sum(len(page.late) for page in pages),
        "balance": sum(page.balance for page in pages),
        "dead": sum(page.dead.total() for page in pages),
        "waited": stage.waited,
        "refused": len(stage.traffic.refusals),
        "restarts": stage.crew.restarts,
        "notes": stage.notes,
        "faults": stage.faults,
        "vendors": {page.vendor: _told(page) for page in pages},
    }


def _told(page: Page) -> Row:
    return {
        "arrived": page.arrived,
        "lost": len(page.lost),
        "repeated": page.repeated,
        "recognised": page.recognised,
        "in_doubt": page.in_doubt,
        "out_of_order": len(page.late),
        "dead": page.dead,
    }


def main() -> None:
    """Play what the command line names. SIGTERM ends the stage in good order: nothing frozen stays behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    number, form, seed, folder = sys.argv[1:]
    row = play(number, form, int(seed), Path(folder))
    Path(folder, "row.json").write_bytes(orjson.dumps(row, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()
