"""Trial: send one event through an integration right now, past the lanes and the ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import uuid4

from destinations.form.integration import Integration
from destinations.form.keys import idempotency_key
from destinations.form.parts import Event, Outcome, Verdict
from schemas.event import load_event
from workers.clearance import ask
from workers.sending import Exchange, send

PATIENCE = 30.0
PREFERRED = ("Order Completed", "Product Viewed")
PERSON = "fleet-test"
KINDS = frozenset({"page", "screen", "identify", "group", "alias"})


class NoPermit(Exception):
    """The limit of the vendor's account is used up for longer than a person waits."""


def sample_event(integration: Integration) -> Event:
    """An event that the integration maps, of a person called ``fleet-test`` who consents to everything it needs."""
    mapped = integration.blueprint.data["events"]
    name = next((name for name in (*PREFERRED, *mapped) if name in mapped), "Fleet Test")
    kind = {"type": name} if name in KINDS else {"type": "track", "event": name}
    return load_event(
        {
            **kind,
            "message_id": f"{PERSON}-{uuid4()}",
            "user_id": PERSON,
            "anonymous_id": f"{PERSON}-anonymous",
            "previous_id": f"{PERSON}-anonymous",
            "group_id": f"{PERSON}-group",
            "name": "Fleet Test",
            "traits": {"email": f"{PERSON}@example.com", "name": "Fleet Test"},
            "properties": {
                "order_id": PERSON,
                "product_id": PERSON,
                "name": "Fleet Test",
                "revenue": 1.5,
                "currency": "EUR",
                "url": "https://example.com/fleet-test",
                "title": "Fleet Test",
            },
            "context": {"consent": dict.fromkeys(("marketing", *integration.consent), True)},
        }
    )


def examine(integration: Integration, event: Event) -> Outcome:
    """What the integration makes of an event."""
    return integration.screen(event) or integration.transform(event)


def exchanges(integration: Integration, event: Event, outcome: Outcome) -> Iterator[Exchange]:
    """Send an event's requests, one after another, until one is not delivered. Raises ``NoPermit``."""
    key, size = idempotency_key([event["message_id"]]), integration.batch.events
    for start in range(0, len(outcome.records), size):
        wait_for_permit(integration)
        records = outcome.records[start : start + size]
        exchange = send(integration, integration.request(records, key), records)
        yield exchange
        if exchange.reading.verdict is not Verdict.DELIVERED:
            return


def wait_for_permit(integration: Integration) -> None:
    """Wait until the limiter lets one request go."""
    end = time.monotonic() + PATIENCE
    while wait_ms := ask(integration).park_ms:
        if time.monotonic() + wait_ms / 1000 > end:
            raise NoPermit(f"the next request may go in {wait_ms / 1000:.0f} s")
        time.sleep(wait_ms / 1000)
