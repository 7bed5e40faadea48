"""Replay: dead letters leave their stream for the side lanes of replays, in the order their events came, at a pace.

What is to be replayed is picked in one look over the letters, kept as little more than their ids; then it moves in
batches, one script each. Whoever is killed in between leaves every letter either dead or waiting, and picking again
finds the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

import orjson
from redis.exceptions import ResponseError

from destinations.form.integration import Integration
from workers import keys, scripts, tickets
from workers.connection import redis
from workers.dead import Letter, read
from workers.dead_letters import replay_id
from workers.flights import Waiting
from workers.groups import Group
from workers.holds import free
from workers.letters import Found
from workers.mappings import MappingGone, as_then
from workers.producer import lane_of
from workers.registry import Registry
from workers.settings import settings
from workers.streams import order

BATCH = 100
"""So many letters move in one step, which keeps Redis from all others for about ten milliseconds."""

MOST_REPLAYS = 2
"""A letter that was replayed so often is not replayed again, unless forced."""

LIVE_SHARE = 4
"""Replays go at one part in so many of what the limits allow."""

NOTE = "fleet dead replay"


class LanesChanged(Exception):
    """The fleet's number of lanes changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How to replay. ``rate`` in requests a second, None: a share of the live rate; ``then``: with the mapping of the
    revision the letter was written under; ``force``: however often it was replayed before; ``asked``: id of the replay
    that counts the letters as they move.
    """

    then: bool = False
    force: bool = False
    rate: float | None = None
    asked: str = ""


class Picked(NamedTuple):
    """A letter to replay, ordered as it is to go. ``revision``: whose mapping, 0 for the one in force."""

    lane: int
    came: tuple[int, int]
    entry: str
    replays: int
    revision: int


@dataclass(slots=True)
class Share:
    """What of one integration is to be replayed, and what of the letters found is not, and why."""

    integration: Integration
    picked: list[Picked] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)


class Picker:
    """Picks from the letters found of one integration those that the terms allow."""

    def __init__(self, integration: Integration, fleet: Registry, terms: Terms) -> None:
        self.share = Share(integration)
        self._lanes, self._terms = fleet.lanes, terms
        self._gone: dict[int, str] = {}

    def pick(self, found: Found) -> Picked | None:
        """Take a letter into the share, or count why not."""
        letter = found.letter
        replays = letter.get("replays", 0)
        if replays >= MOST_REPLAYS and not self._terms.force:
            self.share.left[f"replayed {MOST_REPLAYS} times already; --force replays them again"] += 1
            return None
        revision = int(letter["revision"] or 0) if self._terms.then else 0
        if self._terms.then and (gone := self._why_gone(revision)):
            self.share.left[f"{gone}; --as now replays them"] += 1
            return None
        came = order(letter.get("entry") or found.entry)
        picked = Picked(lane_of(letter["event"], self._lanes), came, found.entry, replays + 1, revision)
        self.share.picked.append(picked)
        return picked

    def _why_gone(self, revision: int) -> str:
        """Why the mapping of a revision cannot be had; empty when it can."""
        if revision not in self._gone:
            try:
                as_then(self.share.integration, revision)
                self._gone[revision] = ""
            except MappingGone as gone:
                self._gone[revision] = str(gone)
        return self._gone[revision]


def pace(integration: Integration, rate: float | None) -> int:
    """The least time between two requests of replays (µs); 0 where nothing limits them."""
    if rate is not None:
        return max(1, int(1_000_000 / rate))
    limits = (*integration.limits, *integration.tightened)
    return max((int(LIVE_SHARE * 1_000_000 * limit.seconds / limit.requests) for limit in limits), default=0)


def replay(share: Share, fleet: Registry, terms: Terms) -> Iterator[int]:
    """Move a share into the side lanes for replays, batch after batch: how many letters each moved.

    Letters that somebody else replayed or purged meanwhile are passed over. ``LanesChanged`` before anything is moved.
    """
    name, room = share.integration.name, False
    share.picked.sort()
    move = Move(share.integration, fleet.lanes, pace(share.integration, terms.rate), terms.asked)
    for start in range(0, len(share.picked), BATCH):
        moved = move.carry_out(share.picked[start : start + BATCH])
        if moved and not room:
            room = True
            free_full(name)
        yield moved


def free_full(name: str) -> None:
    """End a hold of an integration whose dead letters were full: there is room now."""
    if redis().hget(keys.hold(name), "kind") == b"full":
        free(name, "full")


class Bundle(NamedTuple):
    """A group and its letters: the letter's entry, and the event as it will wait."""

    lane: int
    group: Group
    letters: Sequence[tuple[str, Waiting]]

    def arguments(self) -> list[scripts.Argument]:
        """What the script is told of it, after the position of its side lane."""
        told: list[scripts.Argument] = [
            f"{self.lane}{keys.REPLAY}",
            self.group.id,
            self.group.packed(),
            len(self.letters),
        ]
        for entry, member in self.letters:
            told += [entry, member.id, member.body, member.message_id]
        return told


class Move:
    """Moves one batch of an integration's letters."""

    def __init__(self, integration: Integration, lanes: int, every: int, asked: str = "") -> None:
        self._integration, self._lanes, self._pace, self._asked = integration, lanes, every, asked

    def carry_out(self, batch: Sequence[Picked]) -> int:
        """Move the batch; how many letters moved. A group that lost a letter to somebody else is made again."""
        moved, rest = 0, list(batch)
        while bundles := list(self._bundles(self._present(rest))):
            done = self._run(bundles)
            moved += sum(len(bundle.letters) for bundle, word in zip(bundles, done, strict=True) if word)
            left = {
                entry for bundle, word in zip(bundles, done, strict=True) if not word for entry, _ in bundle.letters
            }
            rest = [picked for picked in rest if picked.entry in left]
        return moved

    def _present(self, picked: Sequence[Picked]) -> Iterator[tuple[Picked, Letter]]:
        """Those letters that are still there, whole."""
        stream = keys.dead(self._integration.name)
        with redis().pipeline(transaction=False) as pipe:
            for one in picked:
                pipe.xrange(stream, one.entry, one.entry)
            pages: list[Any] = pipe.execute() if picked else []
        for one, page in zip(picked, pages, strict=True):
            for _, fields in page:
                yield one, read(self._integration.name, one.entry, fields)

    def _bundles(self, present: Iterable[tuple[Picked, Letter]]) -> Iterator[Bundle]:
        """Letters that may travel together: of one lane, with the same history, at most a batch of the vendor's."""
        size = self._integration.batch.events
        for (lane, replays, revision), run in groupby(
            present, lambda pair: (pair[0].lane, pair[0].replays, pair[0].revision)
        ):
            members = [(one.entry, self._waiting(one, letter)) for one, letter in run]
            for start in range(0, len(members), size):
                part = members[start : start + size]
                ids = [member.id for _, member in part]
                persons = list(dict.fromkeys(member.person for _, member in part))
                group = Group(ids[0], ids, persons, replays=replays, revision=revision, pace=self._pace)
                yield Bundle(lane, group, part)

    def _waiting(self, picked: Picked, letter: Letter) -> Waiting:
        came = "-".join(map(str, picked.came))
        return Waiting(replay_id(came, picked.entry), orjson.dumps(letter["event"]))

    def _run(self, bundles: Sequence[Bundle]) -> list[int]:
        """Run the script; per group 1 when it moved, else 0."""
        name = self._integration.name
        lanes = list(dict.fromkeys(bundle.lane for bundle in bundles))
        names = [keys.FLEET, keys.dead(name), keys.ledger(name), keys.agenda(name), keys.ticketed(name)]
        names += [keys.FATES, keys.FATES_COUNT, keys.turn(name), keys.replay(self._asked)]
        for lane in lanes:
            side = (name, f"{lane}{keys.REPLAY}")
            names += [keys.due(*side), keys.groups(*side), keys.events(*side), keys.barrier(*side), keys.state(*side)]
        arguments: list[scripts.Argument] = [self._lanes, name, NOTE, settings().fates_kept, settings().ticket_ms]
        arguments += [self._pace, int(bool(self._asked))]
        for bundle in bundles:
            arguments += [lanes.index(bundle.lane), *bundle.arguments()]
        wanted, *moved = run("replay", names, arguments)
        if wanted:
            tickets.publish([name])
        return moved


def run(script: str, names: Sequence[str], arguments: Sequence[scripts.Argument]) -> list[Any]:
    """Run a script that reckons with a number of lanes."""
    try:
        return list(scripts.call(redis(), script, names, arguments))
    except ResponseError as error:
        if str(error).startswith("LANES "):
            raise LanesChanged("the number of lanes changed meanwhile; run it again") from error
        raise
