"""Forget: erase a person from everything the fleet keeps, counted in the ledgers as it goes.

First their records go and tombstones are set: from that moment nothing of theirs that came in before is routed, and no
request that was not on its way yet leaves. Then everything that waits or is kept is searched, in the order of the road,
so that what moves on meanwhile is found further down, or stopped by a tombstone. Each removal is one script with its
count. What a worker is sending right now cannot be called back; when it fails, it is forgotten before its next try.

What the fleet keeps of a person else: samples, the last 1,000 of each integration (``FLEET_SAMPLES_KEPT``), and dead
letters, for 30 days (``FLEET_LETTER_DAYS``); both are searched here. The last fates name message ids alone.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import orjson

from workers import keys, scripts
from workers.connection import redis
from workers.forget_aside import Aside
from workers.incoming import milliseconds
from workers.mentions import Wanted
from workers.people import ANONYMOUS, Identifier, key_of
from workers.registry import Registry
from workers.settings import settings
from workers.streams import Entry, oldest_first
from workers.tombstones import digest
from workers.trace import message_id_of

CHUNK = 100
DAY_MS = 86_400_000
PATIENCE = 20.0
SPOKEN_OF = ("email", "phone")
"""Traits by which requests may speak of a person without naming an id."""

ERASED = "erased: it spoke of a person who was forgotten"

Progress = Callable[[int], object]
Item = TypeVar("Item")


def known_ids(user_id: str) -> list[Identifier]:
    """A user id and the anonymous ids known to be theirs; one that became somebody else's since is theirs no longer."""
    fields: Any = redis().hkeys(keys.person("u", user_id))
    return [("u", user_id), *_still(user_id, (name for name in fields if name.startswith(ANONYMOUS.encode())))]


def _still(user_id: str, fields: Iterable[bytes]) -> Iterator[Identifier]:
    for name in fields:
        identifier = ("a", name.decode().removeprefix(ANONYMOUS))
        owner: Any = redis().hget(key_of(identifier), "user")
        if owner is None or orjson.loads(owner) == user_id:
            yield identifier


class Forgetting:
    """The forgetting of one person. ``erased`` counts by place: identity, consent, raw, inbox, lanes, aside, dead,
    samples; and ``changed``, others' dead letters that spoke of the person, and ``under_way``, what is being sent.
    """

    def __init__(self, ids: Iterable[Identifier], fleet: Registry, progress: Progress = lambda _: None) -> None:
        self.ids: list[Identifier] = []
        self.erased: Counter[str] = Counter()
        self._fleet = fleet
        self._progress = progress
        self._texts: set[str] = set()
        self._buried_ms = 0
        self._bury(ids)

    def carry_out(self) -> Counter[str]:
        """Erase the person everywhere; how many of what."""
        while self._in_inboxes():
            pass
        until = time.monotonic() + PATIENCE
        while self._waiting() and time.monotonic() < until:
            time.sleep(0.2)
        for pipeline in self._fleet.pipelines:
            self._in_letters(keys.inbox_dead(pipeline), "", keys.pipeline_ledger(pipeline))
        for name in self._fleet.names:
            self._in_letters(keys.dead(name), name, keys.ledger(name))
            self._in_samples(name)
            self._in_health(name)
        return self.erased

    def _bury(self, ids: Iterable[Identifier]) -> None:
        """Delete records and set tombstones, also for anonymous ids that only come to light by that."""
        fresh = [identifier for identifier in dict.fromkeys(ids) if identifier not in self.ids]
        while fresh:
            self.ids += fresh
            names = [keys.TOMBSTONES, keys.FORGETTINGS, *map(key_of, fresh)]
            arguments: list[scripts.Argument] = [settings().tombstone_days * DAY_MS, *map(digest, fresh)]
            self._buried_ms, records = scripts.call(redis(), "bury", names, arguments)
            found = [self._read(identifier, record) for identifier, record in zip(fresh, records, strict=True)]
            fresh = [one for several in found for one in several if one not in self.ids]
        texts = {text for _, text in self.ids} | self._texts
        self._wanted = Wanted(self.ids, texts)

    def _read(self, identifier: Identifier, flat: list[bytes]) -> list[Identifier]:
        record = dict(zip(flat[::2], flat[1::2], strict=True))
        self.erased["identity"] += bool(record)
        self.erased["consent"] += b"consent" in record
        traits = (orjson.loads(record.get(f"t:{name}".encode(), b"null")) for name in SPOKEN_OF)
        self._texts |= {trait for trait in traits if isinstance(trait, str) and trait}
        kind, name = identifier
        return (
            list(_still(name, (field for field in record if field.startswith(ANONYMOUS.encode()))))
            if kind == "u"
            else []
        )

    def _in_inboxes(self) -> bool:
        """Search what is not routed yet; whether an event there gave another anonymous id away, so search again."""
        learnt: set[Identifier] = set()
        for pipeline in self._fleet.pipelines:
            ledger = keys.pipeline_ledger(pipeline)
            for lane in (keys.RAW, *map(str, range(self._fleet.lanes))):
                stream = keys.raw(pipeline) if lane == keys.RAW else keys.inbox(pipeline, lane)
                place = "raw" if lane == keys.RAW else "inbox"
                found = []
                for identifier, fields in self._before(stream):
                    raw_id = identifier.encode() if lane == keys.RAW else fields.get(b"raw")
                    body = fields.get(b"event", b"")
                    if self._wanted.is_in_raw(body):
                        found.append((identifier, message_id_of(body, raw_id) or identifier))
                        learnt |= self._given_away(body)
                self._erase(place, stream, "", ledger, keys.state(keys.ROUTE, f"{pipeline}/{lane}"), found)
        more = learnt - set(self.ids)
        self._bury(more)
        return bool(more)

    def _given_away(self, body: bytes) -> set[Identifier]:
        try:
            event = orjson.loads(body)
        except orjson.JSONDecodeError:
            return set()
        anonymous = event.get("anonymous_id") or event.get("anonymousId")
        user = event.get("user_id") or event.get("userId")
        theirs = event.get("type") == "identify" and anonymous and ("u", str(user)) in self.ids
        return {("a", str(anonymous))} if theirs else set()

    def _waiting(self) -> int:
        """Search lanes and side lanes; how many events stay because they are being sent, or a worker has the lane."""
        staying = 0
        for name in self._fleet.names:
            for lane in map(str, range(self._fleet.lanes)):
                stream = keys.waiting(name, lane)
                entries = [entry for entry in self._before(stream) if self._wanted.is_in(entry[1][b"event"])]
                found = [(identifier, str(message_id_of(fields[b"event"]))) for identifier, fields in entries]
                staying += self._erase("lanes", stream, name, keys.ledger(name), keys.state(name, lane), found)
                for kind in keys.KINDS[1:]:
                    aside = Aside(name, f"{lane}{kind}", self._wanted, self._buried_ms)
                    self.erased["aside"] += aside.erase()
                    staying += aside.staying
        self.erased["under_way"] = staying
        return staying

    def _before(self, stream: str) -> Iterator[Entry]:
        """What came into a stream before the forgetting."""
        for identifier, fields in oldest_first(stream):
            if milliseconds(identifier) > self._buried_ms:
                return
            self._progress(1)
            yield identifier, fields

    def _erase(self, place: str, stream: str, name: str, ledger: str, state: str, found: list[tuple[str, str]]) -> int:
        """Erase entries of a stream; how many stay because they are being sent."""
        names = (stream, ledger, state, keys.FORGETTINGS, keys.FATES, keys.FATES_COUNT)
        staying = 0
        for chunk in chunks(found, CHUNK):
            arguments: list[scripts.Argument] = [name, int(place == "raw"), settings().fates_kept]
            gone, frozen = scripts.call(
                redis(), "erase", names, [*arguments, *(part for pair in chunk for part in pair)]
            )
            self.erased[place] += gone
            staying += frozen
        return staying

    def _in_letters(self, stream: str, name: str, ledger: str) -> None:
        for entries in chunks(oldest_first(stream), CHUNK):
            theirs: list[scripts.Argument] = []
            changed: list[scripts.Argument] = []
            for identifier, fields in entries:
                self._progress(1)
                letter = orjson.loads(fields[b"letter"])
                event = letter["event"]
                if self._wanted.is_of(event) or (isinstance(event, str) and self._wanted.is_in_raw(event.encode())):
                    body = event.encode() if isinstance(event, str) else orjson.dumps(event)
                    theirs += [identifier, message_id_of(body) or identifier]
                elif self._wanted.exchanged(letter["request"], letter["answer"]):
                    changed += [identifier, orjson.dumps(without_exchange(letter))]
            if theirs or changed:
                names = (stream, ledger, keys.FATES, keys.FATES_COUNT)
                arguments: list[scripts.Argument] = [name, settings().fates_kept, len(theirs) // 2]
                gone, others = scripts.call(redis(), "erase_letters", names, [*arguments, *theirs, *changed])
                self.erased["dead"] += gone
                self.erased["changed"] += others

    def _in_samples(self, name: str) -> None:
        stream = keys.samples(name)
        spoken = []
        for identifier, fields in oldest_first(stream):
            self._progress(1)
            sample = orjson.loads(fields[b"sample"])
            if self._wanted.exchanged(sample["request"], sample["answer"]):
                spoken.append(identifier)
        for chunk in chunks(spoken, CHUNK):
            self.erased["samples"] += int(redis().xdel(stream, *chunk))

    def _in_health(self, name: str) -> None:
        """What is noted for a while: whose requests failed last, and the answer an integration is held for."""
        redis().hdel(keys.health(name), *(f"person:{identifier}" for _, identifier in self.ids))
        answer: Any = redis().hget(keys.hold(name), "answer")
        if answer and self._wanted.speaks_in(answer.decode()):
            redis().hdel(keys.hold(name), "answer")


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Items in lists of up to so many."""
    left = iter(items)
    while chunk := list(islice(left, size)):
        yield chunk


def without_exchange(letter: dict[str, Any]) -> dict[str, Any]:
    """Another person's dead letter without the request and answer, which carried the forgotten person too."""
    request = letter["request"] and {**letter["request"], "url": ERASED, "body": ERASED}
    answer = letter["answer"] and {**letter["answer"], "headers": {}, "body": ERASED}
    return {**letter, "request": request, "answer": answer}


def size(fleet: Registry) -> int:
    """How many entries there are to search, about."""
    streams = [keys.raw(name) for name in fleet.pipelines] + [keys.inbox_dead(name) for name in fleet.pipelines]
    streams += [keys.inbox(name, lane) for name in fleet.pipelines for lane in range(fleet.lanes)]
    streams += [keys.waiting(name, lane) for name in fleet.names for lane in range(fleet.lanes)]
    streams += [key(name) for name in fleet.names for key in (keys.dead, keys.samples)]
    with redis().pipeline(transaction=False) as pipe:
        for stream in streams:
            pipe.xlen(stream)
        return sum(pipe.execute())
