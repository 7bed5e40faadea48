"""Trace one event: where it waits, and everything that is still known of what happened to it.

Places are read in the order of the road, so an event that moves on while we look is found further down, never missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid5

import orjson

from workers import keys
from workers.connection import redis
from workers.dead_letters import iso
from workers.incoming import RAW_MESSAGES, arrival
from workers.registry import Registry
from workers.streams import Entry, newest_first, oldest_first
from workers.trace_aside import aside

Step = dict[str, Any]
"""One thing known of the event: ``at`` (ISO 8601 UTC), ``what``, and what belongs to that."""

Trace = dict[str, Any]
"""``{"message_id", "event": … | null, "inbox": [Step], "integrations": {NAME: [Step]}}``, steps by time."""

LAST = {"sent": 0, "dead letter": 2}
"""Requests come before what is settled by them, dead letters after; all are written in one step."""


class Search:
    """The search for one message id, gathering steps."""

    def __init__(self, message_id: str, fleet: Registry) -> None:
        self.message_id = message_id
        self.fleet = fleet
        self.event: Any = None
        self.inbox: list[Step] = []
        self.integrations: dict[str, list[Step]] = {}
        self._written = orjson.dumps(message_id)[1:-1]

    def carry_out(self) -> Trace:
        """Look everywhere."""
        for pipeline in self.fleet.pipelines:
            self._in_inbox(pipeline)
        for name in self.fleet.names:
            self._in_lanes(name)
            self._aside(name, keys.ASIDE)
        for name in self.fleet.names:
            self._in_dead_letters(name)
            self._aside(name, keys.REPLAY)
            self._in_samples(name)
        for pipeline in self.fleet.pipelines:
            self._in_inbox_dead_letters(pipeline)
        self._in_fates()
        return {
            "message_id": self.message_id,
            "event": self.event,
            "inbox": in_time(self.inbox),
            "integrations": {name: in_time(steps) for name, steps in self.integrations.items()},
        }

    def _in_inbox(self, pipeline: str) -> None:
        """Events not routed yet. What came in raw may spell its id in any way, and may have none of its own."""
        lanes: list[int | str] = [keys.RAW, *range(self.fleet.lanes)]
        for lane in lanes:
            stream = keys.raw(pipeline) if lane == keys.RAW else keys.inbox(pipeline, lane)
            for position, (identifier, fields) in enumerate(oldest_first(stream)):
                body = fields.get(b"event", b"")
                raw_id = identifier.encode() if lane == keys.RAW else fields.get(b"raw")
                if (raw_id or self._written in body) and message_id_of(body, raw_id) == self.message_id:
                    self._found(body)
                    place = {"pipeline": pipeline, "lane": lane, "entry": identifier, "before_it": position}
                    self.inbox.append({"at": arrival(identifier), "what": "waiting in the inbox", **place})

    def _in_lanes(self, name: str) -> None:
        for lane in range(self.fleet.lanes):
            for position, (identifier, fields) in enumerate(oldest_first(keys.waiting(name, lane))):
                body = fields[b"event"]
                if self._written in body and message_id_of(body) == self.message_id:
                    self._found(body)
                    step = {"at": arrival(identifier), "what": "waiting", "lane": lane, "entry": identifier}
                    self._add(name, {**step, "before_it": position, "tries": 0, **self._worked(name, lane)})

    def _aside(self, name: str, kind: str) -> None:
        for body, step in aside(name, kind, self.fleet.lanes, self.message_id):
            self._found(body)
            self._add(name, step)

    def _worked(self, name: str, lane: int) -> Step:
        """Whether a worker has a lane right now; if not, until when it rests."""
        now, owner_until = redis().time(), redis().hget(keys.state(name, str(lane)), "until")
        being_worked = int(owner_until or 0) > now[0] * 1000
        due = int(redis().zscore(keys.agenda(name), str(lane)) or 0)
        rests = not being_worked and due > now[0] * 1000
        return {"being_worked": being_worked, "next_at": iso(due) if rests else None}

    def _in_dead_letters(self, name: str) -> None:
        for identifier, letter in self._letters(keys.dead(name)):
            if letter["event"].get("message_id") == self.message_id:
                self.event = self.event or letter["event"]
                self._add(name, {**dead_step(identifier, letter), "id": f"{name}/{identifier}"})

    def _in_inbox_dead_letters(self, pipeline: str) -> None:
        for identifier, letter in self._letters(keys.inbox_dead(pipeline)):
            if message_id_of(letter["event"].encode()) == self.message_id:
                self.event = self.event or letter["event"]
                self.inbox.append({**dead_step(identifier, letter), "id": f"inbox/{pipeline}/{identifier}"})

    def _letters(self, stream: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Dead letters in which the message id is written, perhaps within a text."""
        within_text = orjson.dumps(self._written.decode())[1:-1]
        for identifier, fields in newest_first(stream):
            body = fields[b"letter"]
            if self._written in body or within_text in body:
                yield identifier, orjson.loads(body)

    def _in_samples(self, name: str) -> None:
        for identifier, fields in newest_first(keys.samples(name)):
            if self._written in fields[b"sample"]:
                sample = orjson.loads(fields[b"sample"])
                if self.message_id in sample["message_ids"]:
                    kept = ("verdict", "ms", "events", "request", "answer", "reason", "hint", "note")
                    self._add(name, {"at": arrival(identifier), "what": "sent"} | {part: sample[part] for part in kept})

    def _in_fates(self) -> None:
        for entry in newest_first(keys.FATES):
            if self.message_id in names_in(entry):
                name, step = fate_step(entry)
                if name:
                    self._add(name, step)
                else:
                    self.inbox.append(step)

    def _found(self, body: bytes) -> None:
        self.event = self.event or orjson.loads(body)

    def _add(self, name: str, step: Step) -> None:
        self.integrations.setdefault(name, []).append(step)


def trace(message_id: str, fleet: Registry) -> Trace:
    """Everything known of one event."""
    return Search(message_id, fleet).carry_out()


def message_id_of(body: bytes, raw_id: bytes | None = None) -> str | None:
    """The message id of an event, valid or not; the one it will get if it came in raw (``raw_id``) without its own."""
    try:
        raw = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    own = (raw.get("message_id") or raw.get("messageId")) if isinstance(raw, dict) else None
    if own:
        return str(own)
    return str(uuid5(RAW_MESSAGES, raw_id.decode())) if raw_id else None


def known(found: Trace) -> bool:
    """Whether anything was found at all."""
    return bool(found["inbox"] or found["integrations"])


def names_in(entry: Entry) -> list[str]:
    """The message ids of an entry of the fates."""
    return entry[1][b"messages"].decode().split("\n")


def fate_step(entry: Entry) -> tuple[str, Step]:
    """An entry of the fates: whose it is (nothing: the inbox's), and the step."""
    identifier, fields = entry
    step = {"at": arrival(identifier), "what": fields[b"fate"].decode(), "note": fields[b"note"].decode()}
    return fields[b"integration"].decode(), step


def dead_step(identifier: str, letter: dict[str, Any]) -> Step:
    """A dead letter as a step."""
    kept = ("kind", "reason", "hint", "attempts", "request", "answer")
    return {"at": arrival(identifier), "what": "dead letter"} | {part: letter[part] for part in kept}


def in_time(steps: list[Step]) -> list[Step]:
    """Steps by time: of the same moment a request before its outcome; what still waits last of all."""
    return sorted(steps, key=lambda step: (step["what"].startswith("waiting"), step["at"], LAST.get(step["what"], 1)))
