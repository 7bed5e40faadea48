"""Correcting callers' clocks: an event happened as long before it came as its caller says it was before it was sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from schemas.moment import parsed, written

Event = dict[str, Any]


def correct(event: Event, received: datetime) -> None:
    """Set an event's ``timestamp`` by our clock, where its caller told both times; else leave it as it is.

    ``originalTimestamp``, which some libraries send instead, counts as ``timestamp``. Times that are none stay for the
    schema to explain.
    """
    stated = event.get("timestamp")
    if stated is None:
        stated = event.get("originalTimestamp")
    sent = event.get("sentAt")
    if stated is None:
        return
    event["timestamp"] = stated
    if sent is not None:
        try:
            event["timestamp"] = written(received - (parsed(sent) - parsed(stated)))
        except (ValueError, OverflowError):
            return
