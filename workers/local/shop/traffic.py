"""Many visits at once, in the order of time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from workers.local.shop.people import Customer, arrive
from workers.local.shop.visits import visit

Event = dict[str, Any]

AT_ONCE = 200
"""Visitors in the shop at the same time, at most; fewer when there are few events, so that orders come about."""
REPEATED = 0.01
"""The share of events that an SDK sends again, because it missed the first answer."""
RETURNING = 0.4
"""The share of visits by somebody who has an account."""
REMEMBERED = 2_000
"""Customers who may come back, at most."""


def shop_events(n: int, seed: int = 1, *, until: datetime | None = None, hours: float = 6.0) -> Iterator[Event]:
    """Make ``n`` events of a shop: page views, searches, carts, sign-ups, orders, refunds, each ready to enqueue.

    Their timestamps rise over the ``hours`` before ``until`` (default: now), so each visitor's events are in order.
    About one in a hundred comes twice, with the same ``message_id``; some visitors gave no consent, or did not say.
    The same ``n``, ``seed``, ``until`` and ``hours`` give the same events; message ids depend on ``until`` too, so a
    second run is not taken for a repetition of the first. Events share parts of each other: do not change them.
    """
    end = until or datetime.now(UTC)
    moments = _moments(end - timedelta(hours=hours), timedelta(hours=hours) / max(n, 1))
    ids = Random(f"{seed} until {end.isoformat()}")
    rng = Random(seed)
    crowd = _crowd(rng, max(1, min(AT_ONCE, n // 40)))
    again: deque[Event] = deque()
    for number in range(n):
        if again and number % 7 == 0:
            yield again.popleft()
            continue
        event = {**next(crowd), "message_id": _message_id(ids), "timestamp": next(moments)}
        if rng.random() < REPEATED:
            again.append(event)
        yield event


def _crowd(rng: Random, at_once: int) -> Iterator[Event]:
    """Let visitors come and go for ever; each event is the next one of any of those present."""
    customers: list[Customer] = []
    visits = [_enter(rng, customers) for _ in range(at_once)]
    while True:
        place = rng.randrange(at_once)
        event = next(visits[place], None)
        if event is None:
            visits[place] = _enter(rng, customers)
        else:
            yield event


def _enter(rng: Random, customers: list[Customer]) -> Iterator[Event]:
    """Let somebody in: often a customer who was here before. Whoever signs up is remembered."""
    known = rng.choice(customers) if customers and rng.random() < RETURNING else None
    visitor = arrive(rng, known)
    yield from visit(rng, visitor, known)
    if visitor.customer and visitor.customer is not known:
        _remember(rng, customers, visitor.customer)


def _remember(rng: Random, customers: list[Customer], customer: Customer) -> None:
    if len(customers) < REMEMBERED:
        customers.append(customer)
    else:
        customers[rng.randrange(REMEMBERED)] = customer


def _moments(start: datetime, step: timedelta) -> Iterator[str]:
    """Count time up from ``start``: ``2026-06-06T10:00:00.123Z``."""
    first, stride = start.timestamp() * 1000, step / timedelta(milliseconds=1)
    day, midnight = "", 0
    for number in count():
        at = int(first + number * stride)
        if not day or at - midnight >= 86_400_000:
            midnight = at - at % 86_400_000
            day = datetime.fromtimestamp(midnight / 1000, UTC).strftime("%Y-%m-%d")
        second, millis = divmod(at - midnight, 1000)
        yield f"{day}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{millis:03}Z"


def _message_id(rng: Random) -> str:
    """Make a random (version 4) UUID, quicker than ``uuid`` does."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
