"""``fleet dead export``: dead letters as JSON Lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO

import click
import orjson

from workers.cli.dead_filter import Choice, filtered
from workers.cli.fleet import open_fleet
from workers.cli.terminal import note
from workers.cli.trouble import Trouble
from workers.letters import select


@click.command()
@filtered()
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to this file; else to standard output.")
def export(choice: Choice, output: Path | None) -> None:
    """Write dead letters as JSON Lines, the oldest of each place first. They stay where they are."""
    fleet = open_fleet()
    count = 0
    with opened(output) as target:
        for found in islice(select(choice.places(fleet), choice.wanted), choice.limit):
            target.write(orjson.dumps(found.letter, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    note(f"{count:,} dead letters exported")


@contextmanager
def opened(output: Path | None) -> Iterator[IO[bytes]]:
    """Where to write. A file appears under its name when it is complete."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    beside = output.with_name(f"{output.name}.part")
    try:
        with beside.open("wb") as target:
            yield target
        beside.replace(output)
    except OSError as error:
        raise Trouble(f"{output}: cannot be written: {error.strerror or error}") from error
