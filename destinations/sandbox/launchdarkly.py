"""LaunchDarkly: POST /v2/event-data-import/{project}/{environment}, https://launchdarkly.com/docs/home/metrics/import-events

A repeat is a request with a known X-LaunchDarkly-Payload-ID: answered 202 and ignored, whatever is in it
(github.com/launchdarkly/sdk-test-harness, docs/service_spec.md).
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import orjson

from destinations.sandbox.bodies import is_json
from destinations.sandbox.exchange import Answer, Call, Receipt, Refused, json_answer
from destinations.sandbox.limits import Window
from destinations.sandbox.shapes import ANYTHING, FILLED, NUMBER, Faults, Kind, check_fields, one_of
from destinations.sandbox.vendor import Gate, Vendor

PREFIX = "/v2/event-data-import/"
PLACE = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
USER_AGENT = re.compile(r"MetricImport-[^\s/]+-int/\S+")
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
CONTEXT_KIND = re.compile(r"(?!kind$|multi$)[A-Za-z0-9._-]+")
MOST_BYTES = 9_999_999
MOST_EVENTS = 10_000
SECONDS = 100_000_000_000

IMPORTED = Answer(202)
CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    411: "length_required",
    413: "payload_too_large",
    429: "rate_limited",
}


def _is_context_keys(value: object) -> bool:
    return isinstance(value, dict) and all(
        CONTEXT_KIND.fullmatch(kind) and isinstance(key, str) and key for kind, key in value.items()
    )


EVENT = {
    "kind": one_of("custom"),
    "key": FILLED,
    "creationDate": Kind(lambda value: type(value) is int and value > 0, "unix milliseconds"),
    "metricValue": NUMBER,
    "contextKeys": Kind(lambda value: bool(value) and _is_context_keys(value), "an object of context kinds and keys"),
    "data": ANYTHING,
}
REQUIRED = ("kind", "key", "creationDate", "contextKeys")


class LaunchDarkly(Vendor):
    """Keeps each event as it came in the array."""

    name = "launchdarkly"

    def __init__(self, strict_names: bool = False) -> None:
        super().__init__(strict_names)
        self._payloads: dict[str, int] = {}

    def receive(self, call: Call, gate: Gate) -> Receipt:
        """Take an array of metric events, whole or not at all."""
        if not call.path.startswith(PREFIX) or not PLACE.fullmatch(unquote(call.path.removeprefix(PREFIX))):
            raise self.refuse(404, "Unknown project or environment.")
        if call.method != "POST":
            raise self.refuse(405, f"Method {call.method} not allowed.")
        gate.admit(self._token(call), call)
        payload_id = self._check_headers(call)
        events = self.json_body(call, MOST_BYTES, gzip=True)
        faults = _faults(events)
        if faults:
            raise Refused(self.error(400, "; ".join(f"{at}: {text}" for at, text in faults)), faults[0][1])
        return self._keep(payload_id, events)

    def error(self, status: int, detail: str) -> Answer:
        """``{"code", "message"}``."""
        return json_answer(status, {"code": CODES.get(status, "internal_service_error"), "message": detail})

    def throttled(self, window: Window) -> Answer:
        """429 with Retry-After."""
        answer = self.error(429, "You've exceeded the API rate limit. Try again later.")
        return Answer(429, answer.body, {**answer.headers, "Retry-After": str(max(1, -int(-window.wait // 1)))})

    def _token(self, call: Call) -> str:
        token = call.headers.get("Authorization", "")
        if not token or " " in token:
            raise self.refuse(401, "Authorization must be the raw access token, without Bearer.", "credential")
        return token

    def _check_headers(self, call: Call) -> str | None:
        headers = call.headers
        if "Transfer-Encoding" in headers or "Content-Length" not in headers:
            raise self.refuse(411, "Content-Length is required.")
        if not is_json(call):
            raise self.refuse(400, "Content-Type must be application/json.")
        if headers.get("X-LaunchDarkly-Event-Schema") != "4":
            raise self.refuse(400, "X-LaunchDarkly-Event-Schema must be 4.")
        if not USER_AGENT.fullmatch(headers.get("User-Agent", "")):
            raise self.refuse(400, "User-Agent must be MetricImport-<COMPANY>-int/<VERSION>.")
        payload_id = headers.get("X-LaunchDarkly-Payload-ID")
        if payload_id is not None and not UUID.fullmatch(payload_id):
            raise self.refuse(400, "X-LaunchDarkly-Payload-ID must be a UUID.")
        return payload_id

    def _keep(self, payload_id: str | None, events: list[dict[str, Any]]) -> Receipt:
        items = [orjson.dumps(event) for event in events]
        if payload_id is None:
            return _sift(events, items)
        content, known = hash(tuple(items)), self._payloads.get(payload_id.lower())
        if known is None:
            self._payloads[payload_id.lower()] = content
            return _sift(events, items)
        if known == content:
            return Receipt(IMPORTED, deduplicated=len(items))
        return Receipt(
            IMPORTED, discarded=[("a payload id that came with other events before", item) for item in items]
        )


def _faults(events: Any) -> Faults:
    if not isinstance(events, list) or not 0 < len(events) <= MOST_EVENTS:
        return [("", f"The body must be an array of 1 to {MOST_EVENTS} events.")]
    faults: Faults = []
    for index, event in enumerate(events):
        if not isinstance(event, dict):
            faults.append((f"/{index}", "An event must be an object."))
            continue
        check_fields(event, EVENT, f"/{index}", faults)
        faults += [(f"/{index}/{name}", f"'{name}' is required.") for name in REQUIRED if name not in event]
    return faults


def _sift(events: list[dict[str, Any]], items: list[bytes]) -> Receipt:
    """Keep what falls into an experiment's time; a creationDate in seconds lies in 1970."""
    in_time = [event["creationDate"] >= SECONDS for event in events]
    if all(in_time):
        return Receipt(IMPORTED, items)
    early = [
        ("creationDate is not in milliseconds", item) for item, good in zip(items, in_time, strict=True) if not good
    ]
    return Receipt(IMPORTED, [item for item, good in zip(items, in_time, strict=True) if good], early)


vendor = LaunchDarkly
