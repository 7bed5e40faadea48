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
from typing import Any

import orjson

from workers import keys, scripts
from workers.connection import redis
from workers.forget_aside import Aside
from workers.forget_kept import Kept, chunks
from workers.incoming import milliseconds
from workers.mentions import Wanted
from workers.people import ANONYMOUS, Identifier, key_of
from workers.registry import Registry
from workers.settings import settings
from workers.streams import Entry, oldest_first
from workers.tombstones import digest
from workers.trace import message_id_of

DAY_MS = 86_400_000
PATIENCE = 20.0
SPOKEN_OF = ("email", "phone")
"""Traits by which requests may speak of a person without naming an id."""

LINKED = {"identify": ("anonymous_id", "anonymousId"), "alias": ("previous_id", "previousId")}
"""Which id an event gives to its user, by type, in either spelling."""

Progress = Callable[[int], object]


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
        kept = Kept(self._wanted, self.erased, self._progress)
        for pipeline in self._fleet.pipelines:
            kept.of_pipeline(pipeline)
        for name in self._fleet.names:
            kept.of_integration(name)
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
            for lane in (keys.RAW, *map(str, range(self._fleet.lanes))):
                learnt |= self._in_inbox(pipeline, lane)
        more = learnt - set(self.ids)
        self._bury(more)
        return bool(more)

    def _in_inbox(self, pipeline: str, lane: str) -> set[Identifier]:
        """Search a raw stream or an inbox lane; the anonymous ids that what was found there gives away."""
        raw = lane == keys.RAW
        stream = keys.raw(pipeline) if raw else keys.inbox(pipeline, lane)
        found, learnt = [], set()
        for identifier, fields in self._before(stream):
            body = fields.get(b"event", b"")
            if self._wanted.is_in_raw(body):
                raw_id = identifier.encode() if raw else fields.get(b"raw")
                found.append((identifier, message_id_of(body, raw_id) or identifier))
                learnt |= self._given_away(body)
        state = keys.state(keys.ROUTE, f"{pipeline}/{lane}")
        self._erase("raw" if raw else "inbox", stream, "", keys.pipeline_ledger(pipeline), state, found)
        return learnt

    def _given_away(self, body: bytes) -> set[Identifier]:
        try:
            event = orjson.loads(body)
        except orjson.JSONDecodeError:
            return set()
        linked = LINKED.get(str(event.get("type")))
        anonymous = linked and next((event[name] for name in linked if event.get(name)), None)
        user = event.get("user_id") or event.get("userId")
        return {("a", str(anonymous))} if anonymous and ("u", str(user)) in self.ids else set()

    def _waiting(self) -> int:
        """Search lanes and side lanes; how many events stay because they are being sent, or a worker has the lane."""
        lanes = [(name, str(lane)) for name in self._fleet.names for lane in range(self._fleet.lanes)]
        self.erased["under_way"] = sum(self._in_lane(*lane) + self._aside(*lane) for lane in lanes)
        return self.erased["under_way"]

    def _in_lane(self, name: str, lane: str) -> int:
        stream = keys.waiting(name, lane)
        bodies = ((identifier, fields[b"event"]) for identifier, fields in self._before(stream))
        found = [(identifier, str(message_id_of(body))) for identifier, body in bodies if self._wanted.is_in(body)]
        return self._erase("lanes", stream, name, keys.ledger(name), keys.state(name, lane), found)

    def _aside(self, name: str, lane: str) -> int:
        staying = 0
        for kind in keys.KINDS[1:]:
            aside = Aside(name, f"{lane}{kind}", self._wanted, self._buried_ms)
            self.erased["aside"] += aside.erase()
            staying += aside.staying
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
        for chunk in chunks(found):
            arguments: list[scripts.Argument] = [name, int(place == "raw"), settings().fates_kept]
            gone, frozen = scripts.call(
                redis(), "erase", names, [*arguments, *(part for pair in chunk for part in pair)]
            )
            self.erased[place] += gone
            staying += frozen
        return staying


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
