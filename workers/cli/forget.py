"""``fleet forget``: erase a person from everything the fleet keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import click

from workers import changes
from workers.cli.fleet import open_fleet, operator
from workers.cli.terminal import on_terminal, say, say_json
from workers.cli.trouble import Trouble
from workers.forget import Forgetting, Progress, known_ids, size
from workers.people import Identifier
from workers.registry import Registry

PLACES = {
    "identity": "records of traits and identity",
    "consent": "of them with a consent",
    "raw": "events in raw streams",
    "inbox": "events in inboxes",
    "lanes": "events in lanes",
    "aside": "events in side lanes",
    "dead": "dead letters",
    "changed": "dead letters of others, taken out of their requests",
    "samples": "samples",
    "under_way": "events being sent now, or in a lane at work: forgotten before their next try",
}


@click.command()
@click.argument("user_id", required=False)
@click.option("--anonymous-id", "anonymous_ids", multiple=True, help="An anonymous id of theirs besides; repeatable.")
@click.option("--yes", is_flag=True, help="Do it. Without, say under which ids the person is known.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object: the ids, and how many of each were erased."
)
def forget(user_id: str | None, anonymous_ids: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Erase a person for good, under USER_ID and every anonymous id known to be theirs.

    Traits, identity and consent go; events in inboxes, lanes and side lanes; dead letters; and samples of requests that
    spoke of them. The ledgers count events and dead letters as forgotten. What a vendor has got stays with the vendor.

    For 30 days (FLEET_TOMBSTONE_DAYS) a tombstone, a digest of each id, keeps what was under way from coming back. What
    the person does after this is new, and kept.

    By themselves dead letters go after 30 days (FLEET_LETTER_DAYS), and samples when their integration has 1,000 later
    ones (FLEET_SAMPLES_KEPT). Of the last 100,000 fates only message ids are kept, for fleet show.
    """
    fleet = open_fleet()
    ids = asked_for(user_id, anonymous_ids)
    if not yes:
        raise Trouble(f"this would erase {named(ids)} for good; add --yes to do it")
    with progress(fleet, quiet=as_json) as advance:
        changes.note(operator(), "person forgotten", "a person", {"ids": len(ids)})
        forgetting = Forgetting(ids, fleet, advance)
        erased = forgetting.carry_out()
    if as_json:
        say_json({"ids": told(forgetting.ids), **{place: erased[place] for place in PLACES}})
        return
    say(f"forgotten: {named(forgetting.ids)}")
    for line in lines(erased):
        say(line)


def asked_for(user_id: str | None, anonymous_ids: tuple[str, ...]) -> list[Identifier]:
    """Under which ids the person is known."""
    if not user_id and not anonymous_ids:
        raise click.UsageError("name a USER_ID, or --anonymous-id")
    given: list[Identifier] = [("a", name) for name in anonymous_ids]
    return list(dict.fromkeys([*(known_ids(user_id) if user_id else []), *given]))


def named(ids: list[Identifier]) -> str:
    """Ids for people."""
    return ", ".join(f"{'user' if kind == 'u' else 'anonymous id'} {name}" for kind, name in ids)


def told(ids: list[Identifier]) -> dict[str, list[str]]:
    """Ids for programs."""
    users, anonymous = ([name for kind, name in ids if kind == wanted] for wanted in "ua")
    return {"user_ids": users, "anonymous_ids": anonymous}


def lines(erased: Counter[str]) -> Iterator[str]:
    """How many of each."""
    for place, what in PLACES.items():
        if erased[place] or place not in ("changed", "under_way"):
            yield f"{erased[place]:,} {what}"


@contextmanager
def progress(fleet: Registry, *, quiet: bool) -> Iterator[Progress]:
    """A bar on a terminal."""
    if quiet or not on_terminal():
        yield lambda _: None
        return
    from rich.progress import Progress as Bar  # noqa: PLC0415  # rich is for terminals

    with Bar(transient=True) as bar:
        task = bar.add_task("searching", total=size(fleet))
        yield lambda number: bar.advance(task, number)
