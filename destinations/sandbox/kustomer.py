"""Kustomer: POST /v1/tracking/identityEvent

https://developer.kustomer.com/docs/api/core-resources/create-tracking-identity
Errors come in two formats (https://developer.kustomer.com/docs/concepts/errors): here faults of a body have a pointer
each, as in JSON:API; all else is code and message. Limits: https://developer.kustomer.com/docs/concepts/rate-limits
No repeat is recognised: an event sent twice is on the timeline twice.
"""

from __future__ import annotations

import re
from math import ceil
from typing import Any

from destinations.sandbox.bodies import is_json
from destinations.sandbox.exchange import Answer, Call, Receipt, Refused, json_answer
from destinations.sandbox.limits import Limit, Window
from destinations.sandbox.shapes import (
    EMAIL,
    FILLED,
    FLAG,
    NUMBER,
    OBJECT,
    TEXT,
    TEXTS,
    Faults,
    Kind,
    check_fields,
    is_number,
    one_of,
)
from destinations.sandbox.vendor import Gate, Vendor

PATH = "/v1/tracking/identityEvent"
MOST_BYTES = 100_000

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "payload_too_large",
    429: "too_many_requests",
}

DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{2,32}")
NAME = re.compile(r"[A-Za-z][^\x00-\x1f]*")
STRICT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]+")

BODY = {"identity": OBJECT, "event": OBJECT}
EVENT = {"name": FILLED, "trackingId": FILLED, "sessionId": FILLED, "meta": OBJECT}
LOCATION = dict.fromkeys(
    ("name", "address", "address2", "address3", "countryCode", "countryName", "regionCode", "regionName"), TEXT
) | {
    "type": one_of("home", "work", "other"),
    "latitude": NUMBER,
    "longitude": NUMBER,
    "cityName": TEXT,
    "zipCode": TEXT,
    "areaCode": TEXT,
}
DATE_TIME = Kind(lambda value: isinstance(value, str) and DATE.fullmatch(value) is not None, "an ISO 8601 date")
IDENTITY = {
    "remember": FLAG,
    "trackingId": FILLED,
    "sessionId": FILLED,
    "name": TEXT,
    "company": TEXT,
    "externalId": FILLED,
    "username": TEXT,
    "signedUpAt": DATE_TIME,
    "birthdayAt": DATE_TIME,
    "gender": one_of("m", "f"),
    "locale": TEXT,
    "timeZone": TEXT,
    "email": Kind(lambda value: isinstance(value, str) and EMAIL.fullmatch(value) is not None, "an email address"),
    "phone": FILLED,
    "location": OBJECT,
    "tags": TEXTS,
    "custom": OBJECT,
}


class Kustomer(Vendor):
    """Keeps each body as it came."""

    name = "kustomer"
    published = (Limit(300, 60.0),)

    def __init__(self, strict_names: bool = False) -> None:
        super().__init__(strict_names)
        self._created = 0

    def receive(self, call: Call, gate: Gate) -> Receipt:
        """Take one identified event."""
        if call.path != PATH:
            raise self.refuse(404, "Resource not found.")
        if call.method != "POST":
            raise self.refuse(405, f"Method {call.method} is not allowed.")
        token = self._token(call)
        gate.admit(token, call)
        faults = self._faults(self._body(call))
        if faults:
            raise Refused(_pointed(faults), faults[0][1])
        self._created += 1
        return Receipt(self._success(token, call, gate), [call.body])

    def error(self, status: int, detail: str) -> Answer:
        """``{"errors": [{"code", "message", "meta"}]}``."""
        return json_answer(
            status, {"errors": [{"code": CODES.get(status, "server_error"), "message": detail, "meta": {}}]}
        )

    def throttled(self, window: Window) -> Answer:
        """429 with the time the budget is whole again, in epoch seconds; there is no Retry-After."""
        answer = self.error(429, "Rate limit exceeded.")
        return Answer(429, answer.body, {**answer.headers, **_rate_headers(window)})

    def _token(self, call: Call) -> str:
        scheme, _, token = call.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise self.refuse(401, "Authorization must be 'Bearer <api key>'.", "credential")
        return token

    def _body(self, call: Call) -> Any:
        if not is_json(call):
            raise self.refuse(400, "Content-Type must be application/json.")
        return self.json_body(call, MOST_BYTES)

    def _faults(self, body: Any) -> Faults:
        if not isinstance(body, dict):
            return [("", "The body must be an object.")]
        faults: Faults = []
        check_fields(body, BODY, "", faults)
        identity, event = body.get("identity"), body.get("event")
        if isinstance(identity, dict):
            _check_identity(identity, faults)
        else:
            faults.append(("/identity", "'identity' is required."))
        if isinstance(event, dict):
            self._check_event(event, faults)
        else:
            faults.append(("/event", "'event' is required."))
        return faults

    def _check_event(self, event: dict[str, Any], faults: Faults) -> None:
        check_fields(event, EVENT, "/event", faults)
        name, meta = event.get("name"), event.get("meta")
        allowed = STRICT_NAME if self.strict_names else NAME
        if not isinstance(name, str) or not allowed.fullmatch(name):
            faults.append(
                ("/event/name", "The event name must start with a letter" + " and have no spaces." * self.strict_names)
            )
        if isinstance(meta, dict):
            for key, value in meta.items():
                fault = meta_fault(key, value, self.strict_names)
                if fault is not None:
                    faults.append((f"/event/meta/{key}", fault))

    def _success(self, token: str, call: Call, gate: Gate) -> Answer:
        window = gate.window(token, call) or Window(300, 299, 60.0, call.at + 60.0)
        body = b'{"data":{"type":"tracking_event","id":"%024x"}}' % self._created
        return Answer(201, body, {"Content-Type": "application/json", **_rate_headers(window)})


def meta_fault(key: str, value: object, strict: bool) -> str | None:
    """What is wrong with one entry of ``event.meta``, if anything.

    Numbers belong under ``…Num``, date-times under ``…At``, other strings under a key that ends in neither (and, where
    ``strict``, has neither anywhere inside); before the suffix come 3 to 33 letters, digits, ``-`` or ``_``.
    """
    suffix = "Num" if key.endswith("Num") else "At" if key.endswith("At") else ""
    if is_number(value):
        wanted, what = "Num", "Numeric values need a key ending in Num."
    elif isinstance(value, str):
        wanted, what = _suffix_of_text(value, suffix)
    else:
        return "Values must be strings, numbers or dates."
    if suffix != wanted or (strict and not wanted and ("Num" in key or "At" in key)):
        return what
    if not KEY.fullmatch(key.removesuffix(suffix)):
        return "Keys are a letter and 2 to 32 letters, digits, '-' or '_', before the suffix."
    return None


def _suffix_of_text(value: str, suffix: str) -> tuple[str, str]:
    is_date = DATE.fullmatch(value) is not None
    if is_date and (suffix == "At" or len(value) > len("2026-01-01")):
        return "At", "Date-time strings need a key ending in At."
    return "", "A key ending in Num or At needs a number or a date-time."


def _check_identity(identity: dict[str, Any], faults: Faults) -> None:
    check_fields(identity, IDENTITY, "/identity", faults)
    location = identity.get("location")
    if isinstance(location, dict):
        check_fields(location, LOCATION, "/identity/location", faults)


def _pointed(faults: Faults) -> Answer:
    errors = [
        {
            "status": 400,
            "code": "bad_request",
            "title": "Bad Request",
            "detail": text,
            "source": {"pointer": at},
            "meta": {},
        }
        for at, text in faults
    ]
    return json_answer(400, {"errors": errors})


def _rate_headers(window: Window) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(window.limit),
        "x-ratelimit-remaining": str(window.remaining),
        "x-ratelimit-reset": str(ceil(window.ends)),
    }


vendor = Kustomer
