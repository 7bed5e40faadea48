"""One good call per vendor, as its documentation shows it, and ways to spoil it."""

from __future__ import annotations

import copy
import gzip
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

import orjson


@dataclass(frozen=True)
class Call:
    vendor: str
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    chunked: bool = False

    @property
    def target(self) -> str:
        query = "?" + urlencode(self.query, quote_via=quote) if self.query else ""
        return f"/{self.vendor}{self.path}{query}"

    @property
    def payload(self) -> bytes:
        if self.body is None or isinstance(self.body, bytes):
            return self.body or b""
        return orjson.dumps(self.body)


Change = Callable[[Call], Call]

JSON = {"Content-Type": "application/json"}

KISSMETRICS = Call(
    "kissmetrics",
    "GET",
    "/e",
    query={
        "_k": "YOUR_API_KEY",
        "_p": "user_8842",
        "_n": "Purchased",
        "_t": "1749200400",
        "_d": "1",
        "Order ID": "ORD-1042",
        "Revenue": "89.99",
    },
)
KUSTOMER = Call(
    "kustomer",
    "POST",
    "/v1/tracking/identityEvent",
    JSON | {"Authorization": "Bearer eyJhbGciOi.J9.x"},
    {
        "identity": {"email": "jane.doe@example.com", "externalId": "user-123", "name": "Jane Doe"},
        "event": {
            "name": "Order Completed",
            "meta": {
                "orderId": "ORD-001",
                "revenueNum": 129.99,
                "currency": "USD",
                "taxNum": 8.5,
                "shippingNum": 4.99,
                "coupon": "SUMMER10",
                "anonymousId": "a1b2c3d4-...",
                "occurredAt": "2026-06-06T10:00:00Z",
            },
        },
    },
)
PROFILE = {"data": {"type": "profile", "attributes": {"email": "jane@example.com", "external_id": "user-123"}}}
METRIC = {"data": {"type": "metric", "attributes": {"name": "purchase"}}}
EVENT = {
    "properties": {"order_id": "ORD-1", "revenue": 89.99},
    "metric": METRIC,
    "time": "2026-06-06T10:00:00Z",
    "value": 89.99,
    "value_currency": "USD",
    "unique_id": "m-1",
}
KLAVIYO_HEADERS = JSON | {"Authorization": "Klaviyo-API-Key pk_1234", "revision": "2024-10-15"}
KLAVIYO = Call(
    "klaviyo",
    "POST",
    "/api/events/",
    KLAVIYO_HEADERS,
    {"data": {"type": "event", "attributes": {**EVENT, "profile": PROFILE}}},
)
STATSIG = Call(
    "statsig",
    "POST",
    "/v1/log_event",
    JSON | {"statsig-api-key": "secret-1234"},
    {
        "events": [
            {
                "eventName": "purchase",
                "value": 89.99,
                "time": 1717628400000,
                "user": {
                    "userID": "user-123",
                    "email": "jane@example.com",
                    "ip": "203.0.113.10",
                    "customIDs": {"stableID": "a1b2c3d4-..."},
                    "custom": {"marketing_consent": "granted"},
                },
                "metadata": {"order_id": "ORD-1234", "currency": "USD"},
            }
        ]
    },
)
LAUNCHDARKLY = Call(
    "launchdarkly",
    "POST",
    "/v2/event-data-import/default/production",
    JSON
    | {
        "Authorization": "api-1234",
        "X-LaunchDarkly-Event-Schema": "4",
        "User-Agent": "MetricImport-Datafly-int/1.0",
        "X-LaunchDarkly-Payload-ID": "6f1c2d9e-0d6b-4c0a-9a55-0d5f3c1b2a10",
    },
    [
        {
            "kind": "custom",
            "key": "order_completed",
            "creationDate": 1749200000000,
            "metricValue": 89.99,
            "contextKeys": {"user": "a1b2c3d4-anonymous-id"},
            "data": {"order_id": "ORD-1001", "currency": "GBP"},
        }
    ],
)
GOOD = {call.vendor: call for call in (KISSMETRICS, KUSTOMER, KLAVIYO, STATSIG, LAUNCHDARKLY)}
SUCCESS = {"kissmetrics": 200, "kustomer": 201, "klaviyo": 202, "statsig": 202, "launchdarkly": 202}


def bulk(*entries: tuple[dict[str, Any], list[dict[str, Any]]]) -> Call:
    """A Klaviyo bulk job of (profile attributes, events) each."""
    data = [
        {
            "type": "event-bulk-create",
            "attributes": {
                "profile": {"data": {"type": "profile", "attributes": person}},
                "events": {"data": [{"type": "event", "attributes": event} for event in events]},
            },
        }
        for person, events in entries
    ]
    job = {"type": "event-bulk-create-job", "attributes": {"events-bulk-create": {"data": data}}}
    return replace(KLAVIYO, path="/api/event-bulk-create-jobs", body={"data": job})


def body(at: str, value: Any = ...) -> Change:
    """Set what is at a dotted place of the body; without a value, remove it."""

    def change(call: Call) -> Call:
        changed = copy.deepcopy(call.body)
        *way, last = [int(step) if step.isdecimal() else step for step in at.split(".")]
        held = changed
        for step in way:
            held = held[step]
        if value is ...:
            del held[last]
        else:
            held[last] = value
        return replace(call, body=changed)

    return change


def whole_body(value: Any) -> Change:
    return lambda call: replace(call, body=value)


def header(name: str, value: str | None = None) -> Change:
    """Set a header; without a value, remove it."""

    def change(call: Call) -> Call:
        kept = {key: text for key, text in call.headers.items() if key != name}
        return replace(call, headers=kept if value is None else kept | {name: value})

    return change


def query(name: str, value: str | None = None) -> Change:
    """Set a query parameter; without a value, remove it."""

    def change(call: Call) -> Call:
        kept = {key: text for key, text in call.query.items() if key != name}
        return replace(call, query=kept if value is None else kept | {name: value})

    return change


def path(value: str) -> Change:
    return lambda call: replace(call, path=value)


def method(value: str) -> Change:
    return lambda call: replace(call, method=value)


def chunked(call: Call) -> Call:
    return replace(call, chunked=True)


def gzipped(call: Call) -> Call:
    return replace(call, body=gzip.compress(call.payload), headers=call.headers | {"Content-Encoding": "gzip"})


def both(*changes: Change) -> Change:
    def change(call: Call) -> Call:
        for each in changes:
            call = each(call)
        return call

    return change
