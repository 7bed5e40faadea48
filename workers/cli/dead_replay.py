"""``fleet dead replay``: give dead letters another chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import click

from workers import changes, keys
from workers.cli.dead_filter import AS_JSON, DRY_RUN, EVERYTHING, Choice, filtered
from workers.cli.dead_progress import progress
from workers.cli.durations import spoken
from workers.cli.fleet import open_fleet, operator
from workers.cli.terminal import note, printable, say, say_json
from workers.cli.trouble import Trouble
from workers.connection import redis
from workers.letters import is_inbox, select
from workers.replay import LanesChanged, Terms
from workers.replay_inbox import PipelineGone
from workers.replay_plan import Part, Plan
from workers.replay_result import forecast

SHOWN = 10


@click.command()
@filtered()
@EVERYTHING
@DRY_RUN
@click.option(
    "--as",
    "mapping",
    type=click.Choice(["now", "then"]),
    default="now",
    show_default=True,
    help="With the mapping in force, or with that of the revision the letter was written under.",
)
@click.option(
    "--rate", type=click.FloatRange(min=0, min_open=True), help="Requests a second; else a quarter of the limits."
)
@click.option("--force", is_flag=True, help="Also letters that were replayed twice already.")
@AS_JSON
def replay(
    choice: Choice, everything: bool, dry_run: bool, mapping: str, rate: float | None, force: bool, as_json: bool
) -> None:
    """Send dead letters again: those named by ID, or chosen by the options.

    They wait beside the live events and go at a quarter of the integration's limits, or at --rate. Interrupt it at any
    time: each letter is either dead or waiting, and the same command goes on with the rest. Letters of an inbox are
    checked again, and routed when they are valid by now.
    """
    fleet = open_fleet()
    choice.refuse_everything(everything or dry_run)
    plan = Plan(fleet, Terms(mapping == "then", force, rate), judge=dry_run)
    plan.gather(select(choice.places(fleet), choice.wanted), choice.limit)
    if plan.total and not dry_run:
        changes.note(operator(), "dead letters replayed", choice.target, {**choice.told(), "letters": plan.total})
    shown = forecast(plan) if dry_run else carried_out(plan)
    if as_json:
        say_json(shown)
    else:
        for line in (forecast_lines if dry_run else done_lines)(shown):
            say(printable(line))
    if dry_run:
        note("dry run: nothing was moved")


def carried_out(plan: Plan) -> dict[str, Any]:
    """Replay, with a bar, and say what came of it."""
    moved: Counter[str] = Counter()
    try:
        with progress("replaying", plan.total) as advance:
            for place, number in plan.carry_out():
                moved[place] += number
                advance(number)
    except (LanesChanged, PipelineGone) as error:
        raise Trouble(f"{moved.total():,} letters were replayed, then: {error}") from error
    places = {place: _done(place, part, moved[place]) for place, part in plan.parts.items()}
    return {"dry_run": False, "replayed": moved.total(), "places": places}


def _done(place: str, part: Part, moved: int) -> dict[str, Any]:
    gone = {"no longer there": part.tally.letters - moved} if moved < part.tally.letters else {}
    return {"replayed": moved, "left": {**part.left, **gone}, "seconds": 0.0 if is_inbox(place) else until_turn(place)}


def until_turn(name: str) -> float:
    """How long the turns take that an integration's replays were given."""
    seconds, micros = redis().time()
    turn = float(redis().get(keys.turn(name)) or 0)
    return round(max(0.0, turn / 1000 - seconds - micros / 1_000_000), 1)


def forecast_lines(shown: Mapping[str, Any]) -> Iterator[str]:
    """A forecast for people."""
    for place, row in shown["places"].items():
        requests = f"in about {row['requests']:,} requests, {lasting(row)}"
        yield f"{place}  {row['letters']:,} letters would be replayed, {requests}"
        for what in ("kinds", "events", "reasons"):
            yield from _counted(what, row[what])
        yield from _counted("would be refused now", row["refused"])
        yield from _counted("left", row["left"])
        if row["held"]:
            yield f"  held  {row['held']}: they wait until that ends"
    if not shown["places"]:
        yield "no dead letter is like that"


def lasting(row: Mapping[str, Any]) -> str:
    """How long replays take at their pace."""
    return f"at least {spoken(row['seconds'])}" if row["seconds"] >= 1 else "at once"


def done_lines(shown: Mapping[str, Any]) -> Iterator[str]:
    """What a replay came to, for people."""
    for place, row in shown["places"].items():
        yield f"{place}  {row['replayed']:,} letters wait to be sent again, {lasting(row)}"
        yield from _counted("left", row["left"])
    if not shown["places"]:
        yield "no dead letter is like that"


def _counted(what: str, counts: Mapping[str, int]) -> Iterator[str]:
    for name, number in list(counts.items())[:SHOWN]:
        yield f"  {what}  {number:,}  {name}"
    if len(counts) > SHOWN:
        yield f"  {what}  and {len(counts) - SHOWN:,} more"
