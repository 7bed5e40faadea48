"""``fleet dead import``: put exported dead letters back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby, islice

import click
import orjson

from workers import changes
from workers.cli.dead_filter import AS_JSON, DRY_RUN
from workers.cli.dead_progress import progress
from workers.cli.enqueue import FAULTS_SHOWN, Numbered, lines_of, numbered
from workers.cli.events import fault
from workers.cli.fleet import open_fleet, operator
from workers.cli.terminal import note, say, say_json
from workers.cli.trouble import Trouble, Unparsed
from workers.dead import places
from workers.import_letters import Importer, InvalidLetter, NoRoom, load, place_of
from workers.registry import Registry

BATCH = 100


@click.command(name="import")
@click.argument("file")
@DRY_RUN
@AS_JSON
def import_(file: str, dry_run: bool, as_json: bool) -> None:
    """Put the dead letters of FILE back, or those on standard input (-), as fleet dead export wrote them.

    Everything is checked first, and nothing is put back when a line is bad. One whose event lies there already as a
    dead letter, or waits to be replayed, is left out, so the same file may be imported again.
    """
    fleet = open_fleet()
    with lines_of(file) as source:
        total = check(numbered(source, 1, lambda _: None), file, fleet)
        if dry_run:
            say(f"{total:,} dead letters would be put back, but for those that are there already")
            return
        changes.note(operator(), "dead letters imported", "dead letters", {"letters": total})
        source.seek(0)
        done, doubles, forgotten = put_back(numbered(source, 1, lambda _: None), total, fleet)
    if as_json:
        say_json({"imported": done.total(), "doubles": doubles, "forgotten": forgotten, "places": dict(done)})
        return
    say(f"{done.total():,} dead letters were put back")
    if doubles:
        note(f"{doubles:,} were there already")
    if forgotten:
        note(f"{forgotten:,} were left out: they are of persons who were forgotten since")


def check(lines: Iterator[Numbered], file: str, fleet: Registry) -> int:
    """How many letters there are. Ends the command when a line is none, or of a place that is not here, naming all."""
    faults, parsed, count = [], True, 0
    known = places(fleet)
    for number, line in lines:
        count += 1
        try:
            place = place_of(load(orjson.loads(line)))
        except orjson.JSONDecodeError as error:
            faults.append(fault(file, number, error))
            parsed = False
        except InvalidLetter as error:
            faults.append(f"{file}, line {number}: {error}")
        else:
            if place not in known:
                faults.append(f"{file}, line {number}: integration: there is no {place} here; fleet apply installs one")
    if faults:
        more = [f"and {len(faults) - FAULTS_SHOWN:,} more"] if len(faults) > FAULTS_SHOWN else []
        kind = Trouble if parsed else Unparsed
        raise kind("\n".join(["nothing was put back; each line must be a dead letter:", *faults[:FAULTS_SHOWN], *more]))
    return count


def put_back(lines: Iterator[Numbered], total: int, fleet: Registry) -> tuple[Counter[str], int, int]:
    """Put letters back; how many by place, how many were there already, and how many are of forgotten persons."""
    done: Counter[str] = Counter()
    doubles = 0
    importers: dict[str, Importer] = {}
    letters = (load(orjson.loads(line)) for _, line in lines)
    with progress("importing", total) as advance:
        for place, run in groupby(letters, place_of):
            if place not in importers:
                importers[place] = Importer(place, fleet)
            while batch := list(islice(run, BATCH)):
                try:
                    number = importers[place].put(batch)
                except NoRoom as error:
                    raise Trouble(f"{done.total():,} were put back, then there was no room: {error}") from error
                done[place] += number
                doubles += len(batch) - number
                advance(len(batch))
    forgotten = sum(importer.forgotten for importer in importers.values())
    return done, doubles - forgotten, forgotten
