"""For the tests of a service that enqueues: what it hands in is checked and recorded, and no Redis is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import orjson

from schemas.event import Event
from workers.errors import NotKept
from workers.producer import Encoded, Producer


@contextmanager
def captured(pipeline: str | None = None, *, refuse: NotKept | None = None) -> Iterator[list[Event]]:
    """Record every event enqueued in this process while the block runs, in the normal form Redis would keep.

    >>> with captured() as events:
    ...     checkout(cart)
    >>> assert [event["event"] for event in events] == ["Order Completed"]

    Nothing is sent. An invalid event is refused as ever; that its pipeline exists is not checked. With ``pipeline``
    only that one's events are recorded. With ``refuse`` every valid call raises it, to see what the service does
    then: ``captured(refuse=Away("not kept"))``.
    """
    events: list[Event] = []

    def keep(_: Producer, accepted: list[Encoded], chosen: str, *, durable: bool = False) -> None:
        del durable
        if refuse is not None:
            raise refuse
        if pipeline in (None, chosen):
            events.extend(orjson.loads(body) for _, body in accepted)

    with patch.object(Producer, "keep", keep):
        yield events
