"""Statsig: POST /v1/log_event, https://docs.statsig.com/http-api (``httpopenapi.json`` of github.com/statsig-io/docs)

Answers 202 also to events it drops or trims, as https://docs.statsig.com/guides/logging-events tells.
No repeat is recognised: "Statsig does not provide a way to deduplicate custom events".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from destinations.sandbox.bodies import is_json
from destinations.sandbox.exchange import Answer, Call, Receipt, Refused, json_answer
from destinations.sandbox.shapes import (
    FILLED,
    OBJECT,
    TEXT,
    TEXT_MAP,
    Faults,
    Kind,
    check_fields,
    is_number,
    nullable,
    one_of,
)
from destinations.sandbox.vendor import Gate, Vendor

PATH = "/v1/log_event"
MOST_BYTES = 10_000_000
"""No limit is documented; that there is one is known from the vendor's SDKs, which take 413 for final."""

DROPPED = re.compile(r'[\\\[\]{}<>#=;&$%|"\x00\n\r]')
LONGEST_TEXT = 64
LONGEST_OBJECT = 4_096
SECONDS = 100_000_000_000

LOGGED = Answer(202, b'{"success":true}', {"Content-Type": "application/json"})


def _is_time(value: object) -> bool:
    if isinstance(value, str):
        try:
            return bool(datetime.fromisoformat(value))
        except ValueError:
            return False
    return isinstance(value, int) and not isinstance(value, bool)


BODY = {"events": Kind(lambda value: isinstance(value, list), "a list"), "user": OBJECT, "statsigMetadata": OBJECT}
EVENT = {
    "eventName": FILLED,
    "value": nullable(Kind(lambda value: isinstance(value, str) or is_number(value), "a string or number")),
    "time": Kind(_is_time, "unix milliseconds or an ISO 8601 time"),
    "user": OBJECT,
    "metadata": TEXT_MAP,
    "secondaryExposures": Kind(lambda value: isinstance(value, list), "a list"),
    "statsigMetadata": OBJECT,
}
USER = dict.fromkeys(("userID", "email", "ip", "userAgent", "country", "locale", "appVersion"), TEXT) | {
    "custom": OBJECT,
    "privateAttributes": OBJECT,
    "customIDs": TEXT_MAP,
    "statsigEnvironment": OBJECT,
}
ENVIRONMENT = {"tier": one_of("production", "staging", "development")}


class Statsig(Vendor):
    """Keeps each event as it came in the list."""

    name = "statsig"

    def receive(self, call: Call, gate: Gate) -> Receipt:
        """Take a list of events, whole or not at all; what is dropped is dropped afterwards."""
        if call.path != PATH:
            raise self.refuse(404, "Not found.")
        if call.method != "POST":
            raise self.refuse(405, f"Method {call.method} not allowed.")
        gate.admit(self._key(call), call)
        body = self._body(call)
        faults = _faults(body)
        if faults:
            raise Refused(_listed(faults), faults[0][1])
        return _sift(body)

    def error(self, status: int, detail: str) -> Answer:
        """``{"success": false}`` with a message."""
        return json_answer(status, {"success": False, "message": detail})

    def _key(self, call: Call) -> str:
        key = call.headers.get("statsig-api-key", "")
        if key.startswith(("client-", "console-")):
            raise self.refuse(403, "This is not a Server Secret Key.", "credential")
        if not key.startswith("secret-"):
            raise self.refuse(401, "The statsig-api-key header is missing or invalid.", "credential")
        return key

    def _body(self, call: Call) -> Any:
        if not is_json(call):
            raise self.refuse(400, "Content-Type must be application/json.")
        return self.json_body(call, MOST_BYTES, gzip=True)


def _faults(body: Any) -> Faults:
    if not isinstance(body, dict):
        return [("", "The body must be an object.")]
    faults: Faults = []
    check_fields(body, BODY, "", faults)
    events = body.get("events")
    if not events:
        faults.append(("/events", "'events' must have at least one event."))
    for index, event in enumerate(events if isinstance(events, list) else ()):
        _check_event(event, f"/events/{index}", faults)
    _check_user(body.get("user"), "/user", faults)
    return faults


def _check_event(event: object, at: str, faults: Faults) -> None:
    if not isinstance(event, dict):
        faults.append((at, "An event must be an object."))
        return
    check_fields(event, EVENT, at, faults)
    if "eventName" not in event:
        faults.append((f"{at}/eventName", "'eventName' is required."))
    _check_user(event.get("user"), f"{at}/user", faults)


def _check_user(user: object, at: str, faults: Faults) -> None:
    if isinstance(user, dict):
        check_fields(user, USER, at, faults)
        environment = user.get("statsigEnvironment")
        if isinstance(environment, dict):
            check_fields(environment, ENVIRONMENT, f"{at}/statsigEnvironment", faults)


def _sift(body: Mapping[str, Any]) -> Receipt:
    """Keep what Statsig keeps: all but events with characters it drops in their names."""
    items: list[bytes] = []
    discarded: list[tuple[str, bytes]] = []
    noted: list[str] = []
    for event in body["events"]:
        written = orjson.dumps(event)
        if DROPPED.search(event["eventName"]):
            discarded.append(("a character in eventName that Statsig drops events for", written))
        else:
            items.append(written)
            noted += _notes(event, event.get("user") or body.get("user") or {})
    return Receipt(LOGGED, items, discarded, noted=noted)


def _notes(event: Mapping[str, Any], user: Mapping[str, Any]) -> list[str]:
    notes = []
    metadata = event.get("metadata") or {}
    if not user.get("userID") and not any((user.get("customIDs") or {}).values()):
        notes.append("no unit id: tied to no user")
    if "time" in event and isinstance(event["time"], int) and event["time"] < SECONDS:
        notes.append("time is not in milliseconds")
    if any("." in key for key in metadata):
        notes.append("a metadata key with a dot reads as NULL")
    if any(len(str(each)) > LONGEST_TEXT for each in (event["eventName"], event.get("value", ""))):
        notes.append(f"a string over {LONGEST_TEXT} characters is cut")
    if len(orjson.dumps(metadata)) > LONGEST_OBJECT or len(orjson.dumps(user.get("custom") or {})) > LONGEST_OBJECT:
        notes.append(f"an object over {LONGEST_OBJECT} characters is cut")
    return notes


def _listed(faults: Faults) -> Answer:
    return json_answer(400, {"success": False, "message": "; ".join(f"{at}: {text}" for at, text in faults)})


vendor = Statsig
