"""Events: what producers hand in, accepted in its normal form or refused with every fault at once.

The normal form is plain JSON with the keys ``type event name message_id user_id anonymous_id group_id previous_id
timestamp sent_at received_at properties traits context integrations``. Absent ones are left out, but ``type``,
``message_id``, ``timestamp``, ``received_at``, ``properties``, ``traits`` and ``context`` are always there. Times are
``2026-06-06T10:00:00.123Z``; consent is ``context.consent = {category: bool}``. Loading a normal form again gives the
same.
"""

from __future__ import annotations

from typing import Any

import orjson

from schemas import moment, quick, shown
from schemas.event_schema import examine
from schemas.message_id import new_message_id
from schemas.vocabulary import EventLimits

__all__ = ["Event", "EventLimits", "InvalidEvent", "load_encoded", "load_event"]

Event = dict[str, Any]

_LIMITS = EventLimits()
_MOST_FAULTS = 50


class InvalidEvent(ValueError):
    """An event that cannot be kept. ``faults`` says of each place what is wrong and how to put it right."""

    def __init__(self, faults: list[str]) -> None:
        more = len(faults) - _MOST_FAULTS
        self.faults = [*faults[:_MOST_FAULTS], f"event: has {more:,} more faults"] if more > 0 else list(faults)
        super().__init__("; ".join(self.faults))


def load_event(raw: object, *, received_at: str | None = None, limits: EventLimits = _LIMITS) -> Event:
    """Accept an event in its normal form, or raise ``InvalidEvent``.

    Stamps ``message_id`` (a UUID) and ``received_at`` (the argument, as ``moment.now()`` writes it, else now) where
    the event has none; ``timestamp`` is ``received_at`` unless given. ``raw`` is never changed, but the result may
    share its nested objects.
    """
    return load_encoded(raw, received_at=received_at, limits=limits)[0]


def load_encoded(raw: object, *, received_at: str | None = None, limits: EventLimits = _LIMITS) -> tuple[Event, bytes]:
    """As ``load_event``, and the event as compact JSON, which measuring its size makes anyway."""
    if not isinstance(raw, dict):
        raise InvalidEvent([f"event: must be a JSON object, not {shown.value(raw)}"])
    event = quick.accept(raw, limits)
    if event is not None:
        _stamp(event, received_at)
        body = _encoded(event)
        if body is not None and len(body) <= limits.max_bytes:
            return event, body
    return _explain(raw, received_at, limits)


def _explain(raw: dict[Any, Any], received_at: str | None, limits: EventLimits) -> tuple[Event, bytes]:
    event, faults = examine(raw, limits)
    _stamp(event, received_at)
    body = orjson.dumps(event)
    if len(body) > limits.max_bytes:
        faults.append(_too_large(event, len(body), limits))
    if faults:
        raise InvalidEvent(faults)
    return event, body


def _stamp(event: Event, received_at: str | None) -> None:
    if "message_id" not in event:
        event["message_id"] = new_message_id()
    if "received_at" not in event:
        event["received_at"] = received_at or moment.now()
    if "timestamp" not in event:
        event["timestamp"] = event["received_at"]


def _encoded(event: Event) -> bytes | None:
    """The event as JSON, or None when the encoder meets what only the schema can explain."""
    try:
        return orjson.dumps(event)
    except orjson.JSONEncodeError:
        return None


def _too_large(event: Event, size: int, limits: EventLimits) -> str:
    sizes = {key: len(orjson.dumps(value)) for key, value in event.items()}
    largest = max(sizes, key=sizes.__getitem__)
    return (
        f"event: is {size:,} bytes of JSON and at most {limits.max_bytes:,} are kept; "
        f"shorten {largest} ({sizes[largest]:,} bytes)"
    )
