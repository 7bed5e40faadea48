"""The functions a back-end engineer calls: ``enqueue`` and the shorthands ``track``, ``page``, ``identify``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workers.producer import producer

Fields = Any
"""Further fields of the event by their names: ``user_id``, ``anonymous_id``, ``properties``, ``context``,
``timestamp``.
"""


def enqueue(
    events: Iterable[Mapping[str, Any]] | Mapping[str, Any], pipeline: str = "default", *, durable: bool = False
) -> list[str]:
    """Keep events for delivery, all or none; their message ids, in order.

    >>> enqueue([{"type": "track", "event": "Order Completed", "user_id": "u1", "properties": {"revenue": 9.5}}])

    When it returns, Redis has them. It raises ``workers.NotKept`` when it has not kept any: ``Refused`` names every
    fault. With ``durable`` it returns when Redis has written them to its disk; ``workers.NotDurable`` when that is not
    known in time.
    """
    return producer().enqueue([events] if isinstance(events, Mapping) else events, pipeline, durable=durable)


def track(event: str, properties: Mapping[str, Any] | None = None, pipeline: str = "default", **fields: Fields) -> str:
    """Keep one ``track`` event; its message id.

    >>> track("Order Completed", {"revenue": 9.5}, user_id="u1")
    """
    return enqueue({"type": "track", "event": event, "properties": properties or {}, **fields}, pipeline)[0]


def page(
    name: str | None = None, properties: Mapping[str, Any] | None = None, pipeline: str = "default", **fields: Fields
) -> str:
    """Keep one ``page`` event; its message id."""
    named = {"name": name} if name else {}
    return enqueue({"type": "page", **named, "properties": properties or {}, **fields}, pipeline)[0]


def identify(user_id: str, traits: Mapping[str, Any] | None = None, pipeline: str = "default", **fields: Fields) -> str:
    """Keep one ``identify`` event, whose traits later events of the person carry; its message id."""
    return enqueue({"type": "identify", "user_id": user_id, "traits": traits or {}, **fields}, pipeline)[0]
