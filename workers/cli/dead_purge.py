"""``fleet dead purge``: drop dead letters for good."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from workers import changes
from workers.cli.dead_filter import AS_JSON, DRY_RUN, EVERYTHING, Choice, filtered
from workers.cli.dead_progress import progress
from workers.cli.fleet import open_fleet, operator
from workers.cli.terminal import note, printable, say, say_json
from workers.cli.trouble import Trouble
from workers.forecast import Tally
from workers.letters import select
from workers.purge_letters import BATCH, purge_letters
from workers.registry import Registry

Chosen = dict[str, list[tuple[str, str]]]
"""By place: each letter's entry, and its message id."""


@click.command()
@filtered()
@EVERYTHING
@DRY_RUN
@click.option("--yes", is_flag=True, help="Do it. Without, say what would be lost.")
@AS_JSON
def purge(choice: Choice, everything: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Drop dead letters for good: those named by ID, or chosen by the options. Each is counted as purged.

    fleet dead export keeps a copy. Interrupt it at any time; the same command goes on with the rest.
    """
    fleet = open_fleet()
    choice.refuse_everything(everything or dry_run)
    chosen, tallies = gathered(choice, fleet)
    total = sum(map(len, chosen.values()))
    if dry_run:
        show(tallies, as_json)
        note("dry run: nothing was purged")
        return
    if total and not yes:
        raise Trouble(f"{total:,} dead letters would be lost; add --yes to do it, or --dry-run to see which")
    if total:
        changes.note(operator(), "dead letters purged", choice.target, {**choice.told(), "letters": total})
    gone = purged(chosen, total)
    if as_json:
        say_json({"dry_run": False, "purged": gone.total(), "places": dict(gone)})
    else:
        say(f"{gone.total():,} dead letters were purged")


def gathered(choice: Choice, fleet: Registry) -> tuple[Chosen, dict[str, Tally]]:
    """The letters chosen, and what they are."""
    chosen: Chosen = {}
    tallies: dict[str, Tally] = {}
    for number, found in enumerate(select(choice.places(fleet), choice.wanted)):
        if number == choice.limit:
            break
        event = found.letter["event"]
        message_id = event["message_id"] if isinstance(event, dict) else found.letter["id"]
        chosen.setdefault(found.place, []).append((found.entry, message_id))
        tallies.setdefault(found.place, Tally()).count(found)
    return chosen, tallies


def purged(chosen: Chosen, total: int) -> Counter[str]:
    """Purge batch after batch; how many went, by place."""
    gone: Counter[str] = Counter()
    with progress("purging", total) as advance:
        for place, letters in chosen.items():
            for start in range(0, len(letters), BATCH):
                number = purge_letters(place, letters[start : start + BATCH])
                gone[place] += number
                advance(number)
    return gone


def show(tallies: dict[str, Tally], as_json: bool) -> None:
    """What would be lost."""
    places: dict[str, Any] = {
        place: {
            "letters": tally.letters,
            "kinds": dict(tally.kinds.most_common()),
            "events": dict(tally.events.most_common()),
            "reasons": dict(tally.reasons.most_common()),
        }
        for place, tally in tallies.items()
    }
    if as_json:
        say_json({"dry_run": True, "letters": sum(tally.letters for tally in tallies.values()), "places": places})
        return
    for place, tally in tallies.items():
        kinds = ", ".join(f"{kind} {number:,}" for kind, number in tally.kinds.most_common())
        say(printable(f"{place}  {tally.letters:,} letters would be lost: {kinds}"))
    if not tallies:
        say("no dead letter is like that")
