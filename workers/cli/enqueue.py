"""``fleet enqueue``: hand in events, JSON Lines."""

from __future__ import annotations

import codecs
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

import click
import orjson

from schemas.event import InvalidEvent, load_event
from workers.cli.events import fault, unreadable
from workers.cli.fleet import reach_redis, warn_plainly
from workers.cli.terminal import say
from workers.cli.trouble import CutShort, Trouble, Unparsed
from workers.errors import NotKept
from workers.producer import Producer

BATCH = 500
FAULTS_SHOWN = 100

Numbered = tuple[int, bytes]
"""A line and its number, from 1."""


@click.command()
@click.argument("file")
@click.option("--pipeline", default="default", show_default=True, help="The pipeline the events are for.")
@click.option("--from-line", type=click.IntRange(1), default=1, help="Begin at this line.")
def enqueue(file: str, pipeline: str, from_line: int) -> None:
    """Keep the events of FILE, one JSON object a line, or of standard input (-).

    Everything is checked before the first event is kept: when a line is bad, all bad ones are named and nothing is kept
    (exit code 2 when one is not JSON, else 1). An event without a message_id gets one.
    """
    warn_plainly()
    reach_redis()
    with lines_of(file) as source, progress(source) as advance:
        refuse_array(source, file)
        check(numbered(source, from_line, advance), file)
        source.seek(0)
        kept = keep(numbered(source, from_line, advance), pipeline, file)
    say(f"{kept:,} {'event' if kept == 1 else 'events'} kept in pipeline {pipeline}")


@contextmanager
def lines_of(file: str) -> Iterator[IO[bytes]]:
    """The input, readable twice: what comes through a pipe is put aside on disk first."""
    if file == "-":
        with _put_aside(sys.stdin.buffer) as aside:
            yield aside
        return
    try:
        source = Path(file).open("rb")  # noqa: SIM115  # closed below, whichever way it is read
    except OSError as error:
        raise unreadable(file, error) from error
    with source:
        if source.seekable():
            yield source
        else:
            with _put_aside(source) as aside:
                yield aside


@contextmanager
def _put_aside(source: IO[bytes]) -> Iterator[IO[bytes]]:
    with tempfile.SpooledTemporaryFile(max_size=16_000_000) as aside:
        shutil.copyfileobj(source, aside)
        aside.seek(0)
        yield aside


def numbered(source: IO[bytes], first: int, advance: Callable[[int], object]) -> Iterator[Numbered]:
    """Lines that hold something, from number ``first``. ``advance`` hears how many bytes each has."""
    for number, line in enumerate(source, 1):
        advance(len(line))
        text = (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip()
        if text and number >= first:
            yield number, text


def check(lines: Iterator[Numbered], file: str) -> None:
    """End the command when a line is not an event, naming every one."""
    faults, parsed = [], True
    for number, line in lines:
        try:
            load_event(orjson.loads(line))
        except orjson.JSONDecodeError as error:
            faults.append(fault(file, number, error))
            parsed = False
        except InvalidEvent as error:
            faults.append(f"{file}, line {number}: {error}")
    if faults:
        more = [f"and {len(faults) - FAULTS_SHOWN:,} more"] if len(faults) > FAULTS_SHOWN else []
        kind = Trouble if parsed else Unparsed
        raise kind("\n".join(["nothing was kept; each line must be one event:", *faults[:FAULTS_SHOWN], *more]))


def refuse_array(source: IO[bytes], file: str) -> None:
    """End the command when the input is a JSON array: that is not a line an event."""
    first = source.readline().removeprefix(codecs.BOM_UTF8).lstrip()
    source.seek(0)
    if first.startswith(b"["):
        raise Unparsed(f"{file} is a JSON array; make a line of each event: jq -c '.[]' {file} | fleet enqueue -")


def keep(lines: Iterator[Numbered], pipeline: str, file: str) -> int:
    """Keep events in batches; how many. When it is cut short, say where to go on."""
    producer, kept = Producer(), 0
    while batch := list(islice(lines, BATCH)):
        try:
            producer.enqueue([_event(line) for _, line in batch], pipeline)
        except (NotKept, KeyboardInterrupt) as error:
            if not kept:
                raise
            raise cut_short(error, kept, f"fleet enqueue {file} --from-line {batch[0][0]}") from error
        kept += len(batch)
    return kept


def cut_short(error: BaseException, kept: int, rest: str) -> Trouble:
    """What to say when only the first events were kept for sure."""
    kind = CutShort if isinstance(error, KeyboardInterrupt) else Trouble
    return kind(f"{str(error) or 'interrupted'}\nat least {kept:,} events were kept; go on with the rest: {rest}")


def _event(line: bytes) -> dict[str, Any]:
    event: dict[str, Any] = orjson.loads(line)
    return event


@contextmanager
def progress(source: IO[bytes]) -> Iterator[Callable[[int], object]]:
    """A bar on standard error, where that is a terminal; once over the input to check, once to keep."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415  # for terminals only
    from rich.progress import Progress  # noqa: PLC0415

    size = source.seek(0, 2)
    source.seek(0)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("checking and keeping", total=2 * size)
        yield lambda count: bar.advance(task, count)
