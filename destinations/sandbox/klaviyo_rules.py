"""What Klaviyo demands of an event and its profile: https://developers.klaviyo.com/en/reference/create_event

Limits as of revision 2024-10-15 (openapi ``stable.json`` of github.com/klaviyo/openapi).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from destinations.sandbox.shapes import E164, EMAIL, FILLED, NUMBER, OBJECT, TEXT, Faults, Kind, check_fields, nullable

MOST_PROPERTIES = 300
MOST_ELEMENTS = 4_000
DEEPEST = 10
LONGEST_TEXT = 100_000
LONGEST_METRIC = 127
LONGEST_EXTERNAL_ID = 255
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
FURTHEST = timedelta(days=366)

EVENT = {
    "properties": OBJECT,
    "metric": OBJECT,
    "profile": OBJECT,
    "time": TEXT,
    "value": nullable(NUMBER),
    "value_currency": nullable(
        Kind(
            lambda value: isinstance(value, str) and re.fullmatch("[A-Z]{3}", value) is not None, "an ISO 4217 currency"
        )
    ),
    "unique_id": FILLED,
}
NESTED_EVENT = {name: kind for name, kind in EVENT.items() if name != "profile"}
METRIC = {"name": FILLED, "service": TEXT}
PROFILE = (
    dict.fromkeys(
        ["email", "phone_number", "external_id", "anonymous_id", "_kx", "first_name", "last_name"], nullable(TEXT)
    )
    | dict.fromkeys(["organization", "locale", "title", "image"], nullable(TEXT))
    | {
        "location": OBJECT,
        "properties": OBJECT,
        "meta": OBJECT,
    }
)
PLACE = nullable(
    Kind(lambda value: isinstance(value, (str, int, float)) and not isinstance(value, bool), "a string or number")
)
LOCATION = dict.fromkeys(
    ("address1", "address2", "city", "country", "region", "zip", "timezone", "ip"), nullable(TEXT)
) | {"latitude": PLACE, "longitude": PLACE}

IDENTIFIERS = ("email", "phone_number", "external_id", "_kx")
"""Any of these, or the profile's own id, makes an event somebody's; ``anonymous_id`` alone does not."""


def check_resource(value: object, kind: str, at: str, faults: Faults) -> dict[str, Any]:
    """The attributes of a JSON:API resource of type ``kind``; an empty object, and faults, if it is none."""
    if not isinstance(value, dict):
        faults.append((at, f"A resource object of type '{kind}' is required."))
        return {}
    if value.get("type") != kind:
        faults.append((f"{at}/type", f"'type' must be '{kind}'."))
    attributes = value.get("attributes")
    if not isinstance(attributes, dict):
        faults.append((f"{at}/attributes", "'attributes' is required."))
        return {}
    return attributes


def check_event(attributes: Mapping[str, Any], nested: bool, at: str, faults: Faults) -> None:
    """Check an event's attributes, without its profile. ``nested``: the profile is given elsewhere (bulk)."""
    check_fields(attributes, NESTED_EVENT if nested else EVENT, at, faults)
    metric, properties = attributes.get("metric"), attributes.get("properties")
    if isinstance(properties, dict):
        _check_properties(properties, f"{at}/properties", faults)
    else:
        faults.append((f"{at}/properties", "'properties' is required."))
    _check_metric(metric, f"{at}/metric", faults)
    if isinstance(attributes.get("time"), str):
        _check_time(attributes["time"], f"{at}/time", faults)


def check_profile(value: object, at: str, faults: Faults) -> bool:
    """Check ``{"data": {type: profile, …}}``; True where only a phone number is bad and others identify the person."""
    data = value.get("data") if isinstance(value, dict) else None
    attributes = check_resource(data, "profile", f"{at}/data", faults)
    if not isinstance(data, dict):
        return False
    place = f"{at}/data/attributes"
    check_fields(attributes, PROFILE, place, faults)
    _check_identifiers(attributes, place, faults)
    location = attributes.get("location")
    if isinstance(location, dict):
        check_fields(location, LOCATION, f"{place}/location", faults)
    return _check_identified(data, attributes, place, faults)


def _check_identifiers(attributes: Mapping[str, Any], at: str, faults: Faults) -> None:
    email, external_id = attributes.get("email"), attributes.get("external_id")
    if isinstance(email, str) and not EMAIL.fullmatch(email):
        faults.append((f"{at}/email", "Invalid email address"))
    if isinstance(external_id, str) and not 0 < len(external_id) <= LONGEST_EXTERNAL_ID:
        faults.append((f"{at}/external_id", f"External ID must be 1 to {LONGEST_EXTERNAL_ID} characters."))


def _check_identified(data: Mapping[str, Any], attributes: Mapping[str, Any], at: str, faults: Faults) -> bool:
    known = [name for name in IDENTIFIERS if attributes.get(name)] + ["id"] * bool(data.get("id"))
    phone = attributes.get("phone_number")
    bad_phone = isinstance(phone, str) and not E164.fullmatch(phone)
    if bad_phone and known in ([], ["phone_number"]):
        faults.append((f"{at}/phone_number", "Invalid phone number format (Example of a valid format: +12345678901)"))
    elif not known:
        faults.append((at, "One or more of the following is required: id, email, phone_number, external_id."))
    return bad_phone


def _check_metric(metric: object, at: str, faults: Faults) -> None:
    data = metric.get("data") if isinstance(metric, dict) else None
    attributes = check_resource(data, "metric", f"{at}/data", faults)
    check_fields(attributes, METRIC, f"{at}/data/attributes", faults)
    name = attributes.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_METRIC:
        faults.append((f"{at}/data/attributes/name", "The metric name must be 1 to 127 characters."))


def _check_time(text: str, at: str, faults: Faults) -> None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        faults.append((at, f"'{text}' is not a valid datetime."))
        return
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    if not EARLIEST <= time <= datetime.now(UTC) + FURTHEST:
        faults.append((at, "The event time must be after the year 2000 and at most one year in the future."))


def _check_properties(properties: Mapping[str, Any], at: str, faults: Faults) -> None:
    if len(properties) > MOST_PROPERTIES:
        faults.append((at, f"An event may have at most {MOST_PROPERTIES} properties."))
    for name, value in properties.items():
        if value.__class__ in (str, list, dict):
            fault = _too_much(value, 2)
            if fault is not None:
                faults.append((f"{at}/{name}", fault))


def _too_much(value: object, depth: int) -> str | None:
    """What makes a value too long or too deep; ``depth`` is the level of what it contains, properties being level 1."""
    if isinstance(value, str):
        long = len(value) * 4 > LONGEST_TEXT and len(value.encode()) > LONGEST_TEXT
        return "A string may be at most 100 KB." if long else None
    if not isinstance(value, (list, dict)):
        return None
    if depth > DEEPEST:
        return f"Properties may be nested at most {DEEPEST} levels deep."
    if isinstance(value, list) and len(value) > MOST_ELEMENTS:
        return f"An array may have at most {MOST_ELEMENTS} elements."
    inside = value.values() if isinstance(value, dict) else value
    return next((fault for each in inside if (fault := _too_much(each, depth + 1)) is not None), None)
