"""Statsig — POST https://events.statsigapi.net/v1/log_event, up to 500 events a request.

https://docs.statsig.com/http-api/overview
https://docs.statsig.com/guides/logging-events (what it drops, cuts and does not deduplicate)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from marshmallow import Schema

from destinations.form.checks import numeric_or_absent, require_millis, require_object, require_text
from destinations.form.credentials import fingerprint
from destinations.form.destination import Destination
from destinations.form.flatten import leaves
from destinations.form.functions import string
from destinations.form.options import choice, secret
from destinations.form.parts import Answer, Batch, Draft, Limit, Reading, Record, Verdict
from destinations.form.request import Request

if TYPE_CHECKING:
    from destinations.form.integration import Integration

DROPPED = re.compile(r'["\\\[\]{}<>#=;&$%|\x00\n\r]')
"""Statsig discards an event whose name has one of these, without saying so: *Naming conventions*, linked above."""

LONGEST_OBJECT = 4096
"""So many characters of an object field, as JSON, does Statsig keep."""

KEY_HINT = (
    "The statsig-api-key is missing, invalid or of the wrong type: use a Server Secret Key (secret-…), "
    "not a Client SDK key or a Console API key."
)


class Config(Schema):
    """What an integration with Statsig is set up with."""

    server_secret_key = secret(
        "Server Secret Key", "Project Settings → Keys & Environments → API Keys. Starts with secret-."
    )
    environment = choice(
        "Environment",
        "The environment tier events are logged in. Statsig takes production when it is not given.",
        ("production", "staging", "development"),
    )


def request(records: Sequence[Record], integration: Integration, _: str) -> Request:
    """Any number of events in one object, gzipped as Statsig's own SDKs do."""
    headers = {
        "statsig-api-key": integration.config["server_secret_key"],
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }
    return Request("POST", f"{integration.origin}/v1/log_event", headers, json={"events": list(records)}, compress=True)


def finish(draft: Draft) -> Iterable[Record]:
    """Statsig drops, cuts or misreads without a word what does not fit; it is made to fit here, or said."""
    record = draft.record
    _clean_name(draft)
    require_millis(draft, "time")
    numeric_or_absent(draft, "value")
    if "metadata" in record:
        record["metadata"] = _texts(draft, require_object(draft, "metadata"))
    _warn(draft)
    return (record,)


def _clean_name(draft: Draft) -> None:
    name = require_text(draft, "eventName")
    if DROPPED.search(name):
        draft.record["eventName"] = cleaned = DROPPED.sub("_", name)
        draft.repair(f"eventName: {name!r} became {cleaned!r}; Statsig drops names with such characters")


def _texts(draft: Draft, metadata: dict[str, Any]) -> dict[str, str]:
    """Statsig's metadata maps text to text, and a dot in a key would be read as a path that leads nowhere."""
    if dict not in map(type, metadata.values()) and "." not in "".join(metadata):
        return {
            key: text
            for key, value in metadata.items()
            if (text := value if type(value) is str else string(value)) is not None
        }
    texts: dict[str, str] = {}
    for key, value in leaves(metadata, "_"):
        text, safe = string(value), key.replace(".", "_")
        if text is None:
            continue
        if safe in texts:
            draft.repair(f"metadata: {key!r} left out, there is another {safe!r}")
            continue
        if "." in key:
            draft.repair(f"metadata: {key!r} became {safe!r}; Statsig reads a dot as a path")
        texts[safe] = text
    return texts


def _warn(draft: Draft) -> None:
    """The rows of Statsig's troubleshooting table that are about events it accepts."""
    record, properties = draft.record, draft.event["properties"]
    if not record["user"].get("userID"):
        draft.warn("no user_id: Statsig logs the event but cannot tie it to a user")
    hoped = properties.get("revenue") is not None or draft.event.get("event") == "Order Completed"
    if hoped and "value" not in record:
        draft.warn("no numeric revenue: Statsig's revenue metrics read value, and the event has none")
    if len(record["eventName"]) > 64:
        draft.warn("eventName: over 64 characters; Statsig keeps 64 of a text field")
    if len(orjson.dumps((record["user"], record.get("metadata")))) <= LONGEST_OBJECT:
        return
    for part in ("user", "metadata"):
        encoded = orjson.dumps(record.get(part))
        if len(encoded) > LONGEST_OBJECT and len(encoded.decode()) > LONGEST_OBJECT:
            draft.warn(f"{part}: over 4,096 characters as JSON; Statsig keeps no more of an object field")


def read(answer: Answer) -> Reading | None:
    """``{"success": true}`` is Statsig's yes; an empty body is taken for one, as Statsig's own SDKs do."""
    if answer.status not in (200, 202) or not answer.body:
        return None
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return Reading(Verdict.TRANSIENT, reason="the answer is not Statsig's: its body is not JSON")
    if not isinstance(body, dict) or body.get("success") is not True:
        return Reading(Verdict.TRANSIENT, reason=f"Statsig did not take the events: {answer.body.decode()[:200]}")
    return None


_COMMON: dict[str, Any] = {
    "fields": {
        "value": "number(properties.revenue)",
        "time": "epoch_millis(timestamp)",
        "user.userID": "user_id",
        "user.email": "trim(traits.email)",
        "user.ip": "trim(context.ip)",
        "user.userAgent": "trim(context.user_agent)",
        "user.locale": "trim(context.locale)",
        "user.customIDs.stableID": "anonymous_id",
        "user.custom.marketing_consent": "granted(context.consent.marketing)",
        "user.statsigEnvironment.tier": "config.environment",
    },
    "rest": {"from": "properties", "into": "metadata"},
}

destination = Destination(
    name="statsig",
    title="Statsig",
    docs="https://docs.statsig.com/http-api/overview",
    config=Config(),
    host=lambda _: "https://events.statsigapi.net",
    account=lambda config: fingerprint(config["server_secret_key"]),
    limits=lambda _: (Limit(50, 1, "ours; Statsig limits requests and publishes no number"),),
    variants={
        "default": {
            "events": {
                "page": "page_view",
                "Signed Up": "sign_up",
                "Logged In": "login",
                "Products Searched": "search",
            },
            **_COMMON,
        },
        "retail": {
            "events": {
                "page": "page_view",
                "Products Searched": "search",
                "Product Viewed": "view_item",
                "Product Added": "add_to_cart",
                "Checkout Started": "begin_checkout",
                "Order Completed": "purchase",
            },
            **_COMMON,
        },
    },
    request=request,
    finish=finish,
    name_path="eventName",
    needs=("user.userID", "user.customIDs.stableID"),
    batch=Batch(events=500, bytes=1_000_000),
    success=frozenset({200, 202}),
    read=read,
    hints=dict.fromkeys((401, 403), KEY_HINT),
)
