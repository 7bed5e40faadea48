"""Segment's bodies: one event, or a batch with what its events have in common."""

from __future__ import annotations

from typing import Any

from gateway.ingest.refusals import malformed

Raw = Any
"""An event as it came, whatever it is."""

SHARED = ("context", "integrations")
"""Objects that a batch may state once for all its events, whose own entries win."""


def one(body: dict[str, Any], kind: str) -> list[Raw]:
    """The event of ``/v1/<kind>``: the body."""
    return [_ours({**body, "type": kind})]


def batch(body: dict[str, Any]) -> list[Raw]:
    """The events of ``/v1/batch``."""
    events = body.get("batch")
    if not isinstance(events, list):
        raise malformed('the body has no "batch", a list of events')
    shared = {key: body[key] for key in SHARED if isinstance(body.get(key), dict) and body[key]}
    sent = body.get("sentAt")
    return [_completed(event, shared, sent) if isinstance(event, dict) else event for event in events]


def _completed(event: dict[str, Any], shared: dict[str, Any], sent: Any) -> Raw:
    for key, value in shared.items():
        own = event.get(key)
        if own is None:
            event[key] = value
        elif isinstance(own, dict):
            event[key] = {**value, **own}
    if sent is not None and event.get("sentAt") is None:
        event["sentAt"] = sent
    return _ours(event)


def _ours(event: dict[str, Any]) -> Raw:
    """Without what only we can say."""
    event.pop("receivedAt", None)
    event.pop("received_at", None)
    return event
