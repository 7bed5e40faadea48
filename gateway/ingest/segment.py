"""Segment's bodies: one event, or a batch with what its events have in common."""

from __future__ import annotations

from typing import Any

from gateway.ingest.refusals import malformed
from schemas import shown

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
    shared = {key: body[key] for key in SHARED if body.get(key) is not None}
    if wrong := [f"{key}: must be an object, not {shown.value(value)}" for key, value in _no_objects(shared)]:
        raise malformed(f"nothing was kept; beside the batch, {'; '.join(wrong)}", wrong)
    shared = {key: value for key, value in shared.items() if value}
    sent = body.get("sentAt")
    return [_completed(event, shared, sent) if isinstance(event, dict) else event for event in events]


def _no_objects(shared: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in shared.items() if not isinstance(value, dict)]


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
