"""Documentation written from declarations: ``python -m destinations.form.pages [--check] docs/destinations``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from destinations.form.catalog import catalog
from destinations.form.functions import FUNCTIONS
from destinations.form.markdown import code, table
from destinations.form.page import page

_ABOUT_FUNCTIONS = """\
Expressions are [JMESPath](https://jmespath.org). Besides its own functions there are these; each answers null for null
and for what it cannot convert. `config` stands for the integration's configuration, without its secrets."""


def pages() -> dict[str, str]:
    """Every page by its file name: one for each destination, and the index."""
    return {"README.md": index()} | {f"{name}.md": page(destination) for name, destination in catalog().items()}


def index() -> str:
    """The index of destinations, with the functions that blueprints may call."""
    links = "\n".join(f"- [{destination.title}]({name}.md)" for name, destination in catalog().items())
    rows = [(code(f"{name}()"), (function.__doc__ or "").splitlines()[0]) for name, function in FUNCTIONS.items()]
    parts = [
        "# Destinations",
        "<!-- Written by `make docs` from the destinations' declarations; edit those. -->",
        links,
        "## Functions of blueprints",
        _ABOUT_FUNCTIONS,
        table(("Function", "Gives"), rows),
    ]
    return "\n\n".join(parts) + "\n"


def stale(folder: Path) -> list[str]:
    """The pages in ``folder`` that are missing or differ from their declaration."""
    return [
        name for name, text in pages().items() if not (folder / name).exists() or (folder / name).read_text() != text
    ]


def main() -> int:
    """Write the pages, or with ``--check`` name those that are not current and fail."""
    parser = argparse.ArgumentParser(prog="python -m destinations.form.pages", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a page is not current")
    options = parser.parse_args()
    outdated = stale(options.folder)
    if options.check:
        sys.stderr.writelines(f"{options.folder / name} is not current; run make docs\n" for name in outdated)
        return 1 if outdated else 0
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in outdated:
        (options.folder / name).write_text(pages()[name])
    return 0


if __name__ == "__main__":
    sys.exit(main())
