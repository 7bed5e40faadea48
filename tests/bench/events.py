"""The event that everything is measured with: a full *Order Completed*, of many persons."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

Event = dict[str, Any]

PERSONS = 5_000
AGENT = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0"

_runs = count(1)


def events(number: int, persons: int = PERSONS) -> Iterator[Event]:
    """So many events, each of the next person, as a producer hands them in. No two calls repeat a message id."""
    run, day = next(_runs), datetime.now(UTC).strftime("%Y-%m-%d")
    for index in range(number):
        yield event(f"{run:04}-{index:08}", index % persons, f"{day}T{index // 3600 % 24:02}:{index // 60 % 60:02}:07Z")


def event(identifier: str, person: int, timestamp: str) -> Event:
    """One event of a person who is known by both ids, a mail address and their consent."""
    return {
        "type": "track",
        "event": "Order Completed",
        "message_id": f"9c41d2f0-{identifier}",
        "timestamp": timestamp,
        "user_id": f"user-{person:06}",
        "anonymous_id": f"a1b2c3d4-77f0-4e55-{person:012}",
        "properties": {
            "order_id": f"ORD-{identifier}",
            "revenue": 89.99 + person % 100,
            "tax": 7.2,
            "shipping": 4.99,
            "currency": "USD",
            "coupon": "SUMMER10",
            "products": [
                {
                    "product_id": "507f1f77",
                    "sku": "45790-32",
                    "name": "Monopoly: 3rd Edition",
                    "price": 19,
                    "quantity": 1,
                },
                {"product_id": "505bd767", "sku": "46493-32", "name": "Uno Card Game", "price": 3.5, "quantity": 2},
            ],
        },
        "traits": {"email": f"jane.doe.{person}@example.com", "name": "Jane Doe"},
        "context": {
            "ip": "203.0.113.10",
            "user_agent": AGENT,
            "locale": "en-US",
            "consent": {"marketing": True, "analytics": True},
        },
    }
