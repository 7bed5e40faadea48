"""Klaviyo: POST /api/events and /api/event-bulk-create-jobs, https://developers.klaviyo.com/en/reference/create_event

Errors and rate headers: https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
A repeat is the same ``unique_id`` (without one: the same second) for the same profile and metric.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import ceil
from typing import Any
from uuid import UUID

import orjson

from destinations.sandbox.bodies import is_json
from destinations.sandbox.exchange import Answer, Call, Receipt, Refused, json_answer
from destinations.sandbox.klaviyo_rules import IDENTIFIERS, check_event, check_profile, check_resource
from destinations.sandbox.limits import Limit, Window
from destinations.sandbox.shapes import Faults
from destinations.sandbox.vendor import Gate, Vendor

EVENTS = "/api/events"
BULK = "/api/event-bulk-create-jobs"
MOST_BYTES = 5_000_000
MOST_EVENTS = 1_000
JSON_TYPES = ("application/json", "application/vnd.api+json")
REVISION = re.compile(r"\d{4}-\d\d-\d\d(\.[a-z0-9-]+)?")
FIRST_REVISION = "2022-10-17"

TITLES = {
    400: ("invalid", "Invalid input."),
    401: ("authentication_failed", "Incorrect authentication credentials."),
    403: ("permission_denied", "You do not have permission to perform this action."),
    404: ("not_found", "Not found."),
    405: ("method_not_allowed", "Method not allowed."),
    410: ("gone", "This API revision has been retired."),
    413: ("payload_too_large", "Payload too large."),
    415: ("unsupported_media_type", "Unsupported media type."),
    429: ("throttled", "Request was throttled."),
}
LIFTED = {EVENTS: Window(3500, 3499, 60.0, 0.0), BULK: Window(150, 149, 60.0, 0.0)}

Event = Mapping[str, Any]


class Klaviyo(Vendor):
    """Keeps each event as ``{"type": "event", "attributes": {…, "profile": …}}``, from a bulk job, too."""

    name = "klaviyo"
    published = (Limit(350, 1.0, EVENTS), Limit(3500, 60.0, EVENTS), Limit(10, 1.0, BULK), Limit(150, 60.0, BULK))

    def __init__(self, strict_names: bool = False) -> None:
        super().__init__(strict_names)
        self._errors = 0
        self._people: dict[str, int] = {}
        self._seen: set[tuple[int, str, str]] = set()

    def receive(self, call: Call, gate: Gate) -> Receipt:
        """Take one event or one bulk job, whole or not at all."""
        path = self._path(call)
        key = self._key(call)
        gate.admit(key, call)
        self._check_revision(call)
        body = self._body(call)
        faults: Faults = []
        data = body.get("data") if isinstance(body, dict) else None
        events, bad_phone = _single(data, faults) if path == EVENTS else _bulk(data, faults)
        if faults:
            raise Refused(self._invalid(faults), faults[0][1])
        return self._keep(call, events, _success(gate.window(key, call) or LIFTED[path], bad_phone))

    def error(self, status: int, detail: str) -> Answer:
        """JSON:API, one error."""
        return json_answer(status, {"errors": [self._error(status, "/data", detail)]}, JSON_TYPES[1])

    def throttled(self, window: Window) -> Answer:
        """429 has Retry-After in place of the rate headers."""
        wait = max(1, ceil(window.wait))
        answer = self.error(429, f"Request was throttled. Expected available in {wait} seconds.")
        return Answer(429, answer.body, {**answer.headers, "Retry-After": str(wait)})

    def _path(self, call: Call) -> str:
        path = call.path.removesuffix("/")
        if path not in (EVENTS, BULK):
            raise self.refuse(404, f"The path {call.path} could not be found.", "path")
        if call.method != "POST":
            raise self.refuse(405, f"Method '{call.method}' not allowed.")
        return path

    def _key(self, call: Call) -> str:
        scheme, _, key = call.headers.get("Authorization", "").partition(" ")
        if scheme != "Klaviyo-API-Key":
            raise self.refuse(401, "Missing or invalid authorization scheme. Please use Klaviyo-API-Key.", "credential")
        if not key.startswith("pk_"):
            raise self.refuse(401, "Missing or invalid private key.", "credential")
        return key

    def _check_revision(self, call: Call) -> None:
        revision = call.headers.get("revision", "")
        if not REVISION.fullmatch(revision):
            raise self.refuse(400, "A valid revision header is required.")
        if revision < FIRST_REVISION:
            raise self.refuse(410, f"Revision {revision} has been retired.", "revision")

    def _body(self, call: Call) -> Any:
        if not is_json(call, *JSON_TYPES):
            raise self.refuse(415, "Content-Type must be application/vnd.api+json or application/json.")
        return self.json_body(call, MOST_BYTES)

    def _invalid(self, faults: Faults) -> Answer:
        return json_answer(400, {"errors": [self._error(400, at, text) for at, text in faults]}, JSON_TYPES[1])

    def _error(self, status: int, pointer: str, detail: str) -> dict[str, Any]:
        code, title = TITLES.get(status, ("error", "A server error occurred."))
        self._errors += 1
        named = {"id": str(UUID(int=self._errors)), "status": status, "code": code, "title": title, "detail": detail}
        return {**named, "source": {"pointer": pointer}, "links": {}, "meta": {}}

    def _keep(self, call: Call, events: Iterable[Event], answer: Answer) -> Receipt:
        receipt, items = Receipt(answer), []
        for attributes in events:
            identity = self._identity(attributes, call.at)
            if identity in self._seen:
                receipt.deduplicated += 1
                continue
            self._seen.add(identity)
            items.append(orjson.dumps({"type": "event", "attributes": attributes}))
        receipt.items = items
        return receipt

    def _identity(self, event: Event, at: float) -> tuple[int, str, str]:
        unique = event.get("unique_id") or _second(event.get("time"), at)
        metric: str = event["metric"]["data"]["attributes"]["name"]
        return self._person(event["profile"]["data"]), metric, unique

    def _person(self, profile: Mapping[str, Any]) -> int:
        """The profile any of the identifiers is known to belong to, or a new one; all of them are its from now on."""
        attributes = profile["attributes"]
        names = (*IDENTIFIERS, "anonymous_id")
        handles = [f"{name}:{attributes[name]}" for name in names if attributes.get(name)]
        if profile.get("id"):
            handles.insert(0, f"id:{profile['id']}")
        known = next((self._people[handle] for handle in handles if handle in self._people), len(self._people))
        for handle in handles:
            self._people.setdefault(handle, known)
        return known


def _single(data: object, faults: Faults) -> tuple[list[Event], bool]:
    attributes = check_resource(data, "event", "/data", faults)
    if not attributes:
        return [], False
    check_event(attributes, False, "/data/attributes", faults)
    bad_phone = check_profile(attributes.get("profile"), "/data/attributes/profile", faults)
    return [attributes], bad_phone


def _bulk(data: object, faults: Faults) -> tuple[list[Event], bool]:
    at = "/data/attributes/events-bulk-create"
    job = check_resource(data, "event-bulk-create-job", "/data", faults).get("events-bulk-create")
    entries = job.get("data") if isinstance(job, dict) else None
    if not isinstance(entries, list) or not entries:
        faults.append((f"{at}/data", "'data' must be a list of at least one 'event-bulk-create'."))
        return [], False
    events: list[Event] = []
    bad_phone = False
    for index, entry in enumerate(entries):
        bad_phone |= _entry(entry, f"{at}/data/{index}", events, faults)
    if len(events) > MOST_EVENTS:
        faults.append((f"{at}/data", f"A job may have at most {MOST_EVENTS} events."))
    return events, bad_phone


def _entry(entry: object, at: str, events: list[Event], faults: Faults) -> bool:
    attributes = check_resource(entry, "event-bulk-create", at, faults)
    profile, nested = attributes.get("profile"), attributes.get("events")
    bad_phone = check_profile(profile, f"{at}/attributes/profile", faults)
    listed = nested.get("data") if isinstance(nested, dict) else None
    if not isinstance(listed, list) or not listed:
        faults.append((f"{at}/attributes/events/data", "'data' must be a list of at least one 'event'."))
        return bad_phone
    for index, event in enumerate(listed):
        place = f"{at}/attributes/events/data/{index}"
        found = check_resource(event, "event", place, faults)
        check_event(found, True, f"{place}/attributes", faults)
        events.append({**found, "profile": profile})
    return bad_phone


def _second(time: str | None, at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC) if time is None else datetime.fromisoformat(time)
    return str(int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()))


def _success(window: Window, bad_phone: bool) -> Answer:
    headers = {
        "RateLimit-Limit": str(window.limit),
        "RateLimit-Remaining": str(window.remaining),
        "RateLimit-Reset": str(ceil(window.wait)),
    }
    if bad_phone:
        headers["X-Klaviyo-Partial-Failure"] = "phone_number"
    return Answer(202, b"", headers)


vendor = Klaviyo
