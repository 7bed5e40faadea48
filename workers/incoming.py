"""Reading an inbox entry: an event as ``enqueue`` left it, or anything at all that came in by a raw ``XADD``."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.event import Event, InvalidEvent, load_event
from workers.dead_letters import iso
from workers.repeats import digest

RAW_MESSAGES = uuid.UUID("5f1a6f3c-0a5e-5d3b-9b61-7a0f6f1e4c11")


RawEntry = tuple[bytes, bytes, bytes]
"""An entry as the script that cuts gives it: its id, its event, and its id in the raw stream it came by, or nothing."""


@dataclass(slots=True)
class Entry:
    """One entry: its event, or the fault that keeps it from being one.

    ``digest``  of the message id; of the entry's own id when it is no event
    """

    id: str
    body: bytes
    event: Event | None
    fault: InvalidEvent | None
    came_ms: int
    digest: str

    @property
    def received_at(self) -> str:
        """When it came: ISO 8601 UTC."""
        return iso(self.came_ms)


def read(entry: RawEntry) -> Entry:
    """Read an entry of an inbox lane."""
    identifier, body, raw_id = entry[0].decode(), entry[1], entry[2]
    came_ms = milliseconds(raw_id.decode() or identifier)
    try:
        event = load_raw(body, raw_id, iso(came_ms)) if raw_id else orjson.loads(body)
    except InvalidEvent as fault:
        return Entry(identifier, body, None, fault, came_ms, digest(identifier))
    return Entry(identifier, body, event, None, came_ms, digest(event["message_id"]))


def load_raw(body: bytes, raw_id: bytes, received_at: str) -> Event:
    """Validate what a producer without our library added. Its stream id makes the message id, if it has none."""
    try:
        raw: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidEvent([f"event: not JSON ({error}); XADD … event '{{\"type\": …}}'"]) from error
    if isinstance(raw, dict) and not (raw.get("message_id") or raw.get("messageId")):
        raw["message_id"] = str(uuid.uuid5(RAW_MESSAGES, raw_id.decode()))
    return load_event(raw, received_at=received_at)


def arrival(stream_id: str) -> str:
    """When an entry was added: ISO 8601 UTC."""
    return iso(milliseconds(stream_id))


def milliseconds(stream_id: str) -> int:
    """When an entry was added, by Redis's clock."""
    return int(stream_id.partition("-")[0])
