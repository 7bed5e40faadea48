"""Import: exported dead letters are put back where they lay, counted as they come, and none twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from marshmallow import ValidationError
from redis.exceptions import ResponseError

from schemas.dead_letter import DeadLetterSchema
from schemas.event import InvalidEvent, load_event
from schemas.faults import flatten
from workers import keys, scripts
from workers.connection import redis
from workers.dead import INBOX, Letter
from workers.letters import is_inbox, ledger_at, stream_at
from workers.mentions import SPELLINGS
from workers.people import Identifier
from workers.registry import Registry
from workers.settings import settings
from workers.streams import oldest_first
from workers.tombstones import look


class InvalidLetter(ValueError):
    """A line that is no dead letter to put back. ``faults``: ``path: sentence``."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class NoRoom(Exception):
    """There is no room for so many dead letters."""


def load(raw: Any) -> Letter:
    """An exported dead letter, checked. ``InvalidLetter`` with every fault."""
    try:
        letter: Letter = DeadLetterSchema().load(raw)
    except ValidationError as error:
        raise InvalidLetter(flatten(error.messages)) from error
    if letter["integration"]:
        letter["event"] = _event(letter["event"])
    return letter


def _event(raw: dict[str, Any]) -> dict[str, Any]:
    """The event, ready to be replayed. Without a message id of its own it could not be told from a double."""
    if not raw.get("message_id"):
        raise InvalidLetter(["event.message_id: is missing"])
    try:
        return load_event(raw)
    except InvalidEvent as error:
        raise InvalidLetter([f"event.{fault}" for fault in error.faults]) from error


def place_of(letter: Letter) -> str:
    """Where a letter belongs."""
    return str(letter["integration"] or f"{INBOX}/{letter['pipeline']}")


def stored(letter: Letter) -> bytes:
    """A letter as it lies in its stream: place and kind first, where scripts look for them."""
    first = {part: letter[part] for part in ("integration", "pipeline", "kind") if part != "pipeline" or letter[part]}
    rest = {part: value for part, value in letter.items() if part not in ("id", "pipeline", *first)}
    return orjson.dumps({**first, **rest})


def identity(letter: Mapping[str, Any]) -> str:
    """What tells a letter from others of its place: its event's message id; of a text, the text and when it came."""
    event = letter["event"]
    if isinstance(event, dict):
        return str(event["message_id"])
    return hashlib.sha256(f"{letter['first_at']} {event}".encode()).hexdigest()


def persons(letter: Letter) -> list[Identifier]:
    """As whom a letter's event is, an invalid one in whatever spelling; a text that is no JSON is nobody's."""
    event = letter["event"]
    if isinstance(event, str):
        try:
            event = orjson.loads(event)
        except orjson.JSONDecodeError:
            return []
    if not isinstance(event, Mapping):
        return []
    return [(kind, str(event[name])) for kind, name in SPELLINGS if event.get(name)]


def came_ms(letter: Letter) -> int:
    """When a letter's event was first tried, and so came at the latest."""
    return int(datetime.fromisoformat(letter["first_at"]).timestamp() * 1000)


class Importer:
    """Puts letters back into one place, once it has looked at all that lies and all that is replayed there.

    ``forgotten`` counts those left out because their person was forgotten after they came.
    """

    def __init__(self, place: str, fleet: Registry) -> None:
        self._place, self._stream = place, stream_at(place)
        self.forgotten = 0
        self._newest = "0-0"
        self._known: set[str] = set()
        self._look()
        if not is_inbox(place):
            self._known.update(_replayed(place, fleet.lanes))

    def put(self, letters: Sequence[Letter]) -> int:
        """Put letters back, but for doubles and those of forgotten persons; how many.

        ``NoRoom`` when they do not all fit, and none was put back.
        """
        while True:
            stones = look(person for letter in letters for person in persons(letter))
            living = [letter for letter in letters if not stones.bars(persons(letter), came_ms(letter))]
            fresh = {identity(letter): letter for letter in living if identity(letter) not in self._known}
            try:
                if fresh:
                    self._newest = self._run(list(fresh.values()), stones.forgettings)
            except ResponseError as error:
                self._again(error)
                continue
            self._known.update(fresh)
            self.forgotten += len(letters) - len(living)
            return len(fresh)

    def _run(self, letters: Sequence[Letter], forgettings: str) -> str:
        kept = settings().letters_kept
        arguments: list[scripts.Argument] = [self._newest, kept, int(is_inbox(self._place)), forgettings]
        for letter in letters:
            arguments += [letter["kind"], stored(letter)]
        names = (self._stream, ledger_at(self._place), keys.FORGETTINGS)
        newest: bytes = scripts.call(redis(), "import_letters", names, arguments)
        return newest.decode()

    def _again(self, error: ResponseError) -> None:
        """Look at what came meanwhile, if that is why the script refused."""
        if str(error).startswith("NOROOM"):
            raise NoRoom(f"{self._place} keeps at most {settings().letters_kept:,} dead letters") from error
        if not str(error).startswith("NEWER"):
            raise error
        self._look()

    def _look(self) -> None:
        for entry, fields in oldest_first(self._stream, f"({self._newest}"):
            self._newest = entry
            self._known.add(identity(orjson.loads(fields[b"letter"])))


def _replayed(name: str, lanes: int) -> Iterator[str]:
    """Message ids of the events that wait in an integration's side lanes for replays."""
    for lane in range(lanes):
        for _, body in redis().hscan_iter(keys.events(name, f"{lane}{keys.REPLAY}"), count=500):
            yield str(orjson.loads(body)["message_id"])
