"""Events to send, each with a ``ref`` among its properties, by which it is found at any vendor."""

from __future__ import annotations

from itertools import count
from typing import Any

Event = dict[str, Any]

GRANTED = {"consent": {"marketing": True}}
_refs = count(1)


def track(name: str = "Order Completed", user: str | None = "u1", **fields: Any) -> Event:
    """A track event of a person with a new ``ref``; ``properties`` are added to it."""
    properties = {"ref": f"r{next(_refs)}", **fields.pop("properties", {})}
    person = {"user_id": user} if user else {}
    return {"type": "track", "event": name, **person, "properties": properties, **fields}


def tracks(number: int, persons: int = 10, **fields: Any) -> list[Event]:
    """So many track events of so many persons (u1, u2, …), in turns."""
    return [track(user=f"u{turn % persons + 1}", **fields) for turn in range(number)]


def refs(events: list[Event]) -> list[str]:
    """The events' refs, in order."""
    return [event["properties"]["ref"] for event in events]
