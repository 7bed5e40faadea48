"""Correcting callers' clocks: an event happened as long before it came as its caller says it was before it was sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from schemas.moment import is_written, parsed, written

Event = dict[str, Any]


class Clock:
    """Our clock when a call came in; its events mostly say the same of when they were sent."""

    def __init__(self, received: datetime) -> None:
        self._received = received
        self._sent: dict[str, datetime] = {}

    def correct(self, event: Event) -> None:
        """Set an event's ``timestamp`` by our clock, where its caller told both times; else leave it as it is.

        ``originalTimestamp``, which some libraries send instead, counts as ``timestamp``. Times that are none stay for
        the schema to explain.
        """
        stated = event.get("timestamp")
        if stated is None:
            stated = event.get("originalTimestamp")
        if stated is None:
            return
        event["timestamp"] = stated
        sent = event.get("sentAt")
        if sent is not None:
            try:
                event["timestamp"] = written(self._received - (self._when_sent(sent) - _moment(stated)))
            except (ValueError, OverflowError):
                return

    def _when_sent(self, sent: Any) -> datetime:
        if not isinstance(sent, str):
            return parsed(sent)
        if sent not in self._sent:
            self._sent[sent] = parsed(sent)
        return self._sent[sent]


def _moment(stated: Any) -> datetime:
    """A time; quickly, when it is written as most libraries do."""
    quick = isinstance(stated, str) and is_written(stated)
    return datetime.fromisoformat(stated) if quick else parsed(stated)
