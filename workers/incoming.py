"""Reading an inbox entry: an event as ``enqueue`` left it, or anything at all that came in by a raw ``XADD``."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.event import Event, InvalidEvent, load_event
from workers.dead_letters import iso
from workers.people import Identifier, identifiers
from workers.repeats import digest
from workers.streams import Flat

RAW_MESSAGES = uuid.UUID("5f1a6f3c-0a5e-5d3b-9b61-7a0f6f1e4c11")


@dataclass(slots=True)
class Entry:
    """One entry: its event, or the fault that keeps it from being one.

    ``id``       as it lies in the inbox lane; ``raw_id`` in the raw stream it came by, or nothing
    ``persons``  the event's identifiers
    """

    id: bytes
    raw_id: bytes
    body: bytes
    event: Event | None
    fault: InvalidEvent | None = None
    persons: Sequence[Identifier] = ()

    @property
    def digest(self) -> str:
        """Of the message id; of the entry's own id when it is no event."""
        return digest(self.event["message_id"] if self.event else self.id.decode())

    @property
    def came_ms(self) -> int:
        """When it came, by Redis's clock."""
        return milliseconds((self.raw_id or self.id).decode())

    @property
    def received_at(self) -> str:
        """When it came: ISO 8601 UTC."""
        return iso(self.came_ms)

    @property
    def normal(self) -> bytes | None:
        """The event as JSON, if it lies there in its normal form: none that came by a raw stream does."""
        return None if self.raw_id else self.body


def read(entry: Flat) -> Entry:
    """Read an entry of an inbox lane: ``event`` and, of one that came by a raw stream, ``raw``, its id there."""
    identifier, fields = entry
    body, raw_id = fields[1], fields[3] if len(fields) > 3 else b""
    try:
        event = load_raw(body, raw_id) if raw_id else orjson.loads(body)
    except InvalidEvent as fault:
        return Entry(identifier, raw_id, body, None, fault)
    return Entry(identifier, raw_id, body, event, None, identifiers(event))


def load_raw(body: bytes, raw_id: bytes) -> Event:
    """Validate what a producer without our library added. Its stream id makes the message id, if it has none."""
    try:
        raw: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidEvent([f"event: not JSON ({error}); XADD … event '{{\"type\": …}}'"]) from error
    if isinstance(raw, dict) and not (raw.get("message_id") or raw.get("messageId")):
        raw["message_id"] = str(uuid.uuid5(RAW_MESSAGES, raw_id.decode()))
    return load_event(raw, received_at=arrival(raw_id.decode()))


def arrival(stream_id: str) -> str:
    """When an entry was added: ISO 8601 UTC."""
    return iso(milliseconds(stream_id))


def milliseconds(stream_id: str) -> int:
    """When an entry was added, by Redis's clock."""
    return int(stream_id.partition("-")[0])
