"""Klaviyo — POST https://a.klaviyo.com/api/events/, one event a request; with ``bulk``, up to 1,000.

https://developers.klaviyo.com/en/reference/create_event
https://developers.klaviyo.com/en/reference/bulk_create_events
https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from marshmallow import Schema, validate

from destinations.form.bounds import Bounds, excesses, within
from destinations.form.checks import is_email, numeric_or_absent, require_object, require_text
from destinations.form.destination import Destination
from destinations.form.functions import e164, granted
from destinations.form.options import flag, required, secret, text
from destinations.form.parts import Answer, Batch, Draft, Limit, Reading, Record, Reject, Verdict
from destinations.form.parts import Config as Settings
from destinations.form.request import Request

if TYPE_CHECKING:
    from destinations.form.integration import Integration

LIMITS = "https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling"
NO_PHONE = "is no phone number: write it as +447700900123 or set default_country"
CURRENCY = re.compile(r"[A-Z]{3}")
BOUNDS = Bounds(text=100_000, items=4000, levels=10)
POINTER = re.compile(r"/events-bulk-create/data/(\d{1,4})(?:/attributes/events/data/(\d{1,4}))?")
IDENTIFIERS = ("email", "phone_number", "external_id", "anonymous_id")

KEY_HINT = "verify it in Klaviyo under Account > Settings > API Keys, with the events:write and profiles:write scopes."


class Config(Schema):
    """What an integration with Klaviyo is set up with."""

    public_api_key = required(
        "Public API Key",
        "The 6-character Site ID, at the top of Account > Settings > API Keys. Never sent.",
        validate.Regexp(r"(?!pk_)\S+\Z", error="Must be the Site ID, not a private key."),
    )
    private_api_key = secret(
        "Private API Key",
        "Account > Settings > API Keys. Needs the events:write and profiles:write scopes.",
    )
    revision = text(
        "API revision",
        "The revision of Klaviyo's API that requests ask for.",
        validate.Regexp(r"\d{4}-\d{2}-\d{2}(\.pre)?\Z", error="Must be a date such as 2024-10-15."),
        "2024-10-15",
    )
    bulk = flag(
        "Bulk",
        "Send up to 1,000 events in one job: more events a minute, and one bad event refuses the job.",
    )
    default_country = text(
        "Default country",
        "Phones are sent as +447700900123; those without a country code are of this country: GB, US …",
        validate.Regexp(r"[A-Z]{2}\Z", error="Must be two capital letters such as GB."),
    )


def request(records: Sequence[Record], integration: Integration, _: str) -> Request:
    """One event, or a job of many; Klaviyo recognises a repeated event by its ``unique_id``, not by a key."""
    config = integration.config
    headers = {
        "Authorization": f"Klaviyo-API-Key {config['private_api_key']}",
        "revision": config["revision"],
        "Content-Type": "application/vnd.api+json",
        "Accept": "application/vnd.api+json",
    }
    if config["bulk"]:
        return Request("POST", f"{integration.origin}/api/event-bulk-create-jobs", headers, json=_job(records))
    (record,) = records
    data = {"type": "event", "attributes": _attributes(record) | {"profile": _profile(records)}}
    return Request("POST", f"{integration.origin}/api/events/", headers, json={"data": data})


def _attributes(record: Record) -> dict[str, Any]:
    return record | {"metric": {"data": {"type": "metric", "attributes": {"name": record["metric"]}}}}


def _profile(records: Sequence[Record]) -> dict[str, Any]:
    """One profile of all that is known of it; what a later record knows wins."""
    known: dict[str, Any] = {}
    for record in records:
        for name, value in record["profile"].items():
            known[name] = {**known.get(name, {}), **value} if type(value) is dict else value
    return {"data": {"type": "profile", "attributes": known}}


def _job(records: Sequence[Record]) -> dict[str, Any]:
    """A bulk job, in which each profile has one entry with all its events."""
    entries = [_entry([records[index] for index in indices]) for indices in _by_profile(records)]
    return {"data": {"type": "event-bulk-create-job", "attributes": {"events-bulk-create": {"data": entries}}}}


def _entry(records: Sequence[Record]) -> dict[str, Any]:
    events = [_attributes(record) for record in records]
    for attributes in events:
        del attributes["profile"]
    data = {"data": [{"type": "event", "attributes": attributes} for attributes in events]}
    return {"type": "event-bulk-create", "attributes": {"profile": _profile(records), "events": data}}


def _by_profile(records: Sequence[Record]) -> list[list[int]]:
    """The indices of each profile's records, in the order of a job's entries: a refused job names its entries."""
    profiles: dict[bytes, list[int]] = {}
    for index, record in enumerate(records):
        identity = orjson.dumps([record["profile"].get(name) for name in IDENTIFIERS])
        profiles.setdefault(identity, []).append(index)
    return list(profiles.values())


def finish(draft: Draft) -> Iterable[Record]:
    """Klaviyo refuses what is over its limits and ignores some of what it cannot read; both are settled here."""
    _name_consents(draft)
    _settle_identifiers(draft)
    _settle_currency(draft)
    numeric_or_absent(draft, "value")
    if "email" not in draft.record["profile"] and "phone_number" not in draft.record["profile"]:
        draft.warn("no email or phone: Klaviyo makes a new profile unless an existing one has this external_id")
    if faults := [*_faults(draft), *_time_faults(draft)]:
        raise Reject("; ".join(faults))
    return (draft.record,)


def _name_consents(draft: Draft) -> None:
    """Marketing consent is a row of the blueprint; every other category the event knows follows its example."""
    consents = draft.event["context"].get("consent", {})
    others = {f"{category}_consent": granted(given) for category, given in consents.items() if category != "marketing"}
    draft.record["properties"] = require_object(draft, "properties") | others


def _settle_identifiers(draft: Draft) -> None:
    """A bad email or phone has the event refused, or is ignored beside another identifier: it is left out here."""
    profile, faults = draft.record["profile"].copy(), []
    email, phone = profile.get("email"), profile.get("phone_number")
    if email is not None and not is_email(email):
        faults.append(f"profile.email: {profile.pop('email')!r} is no email address")
    if phone is not None:
        profile["phone_number"] = e164(phone, draft.config["default_country"])
        if profile["phone_number"] is None:
            del profile["phone_number"]
            faults.append(f"profile.phone_number: {phone!r} {NO_PHONE}")
    if faults and not any(profile.get(name) for name in IDENTIFIERS[:3]):
        raise Reject(f"{'; '.join(faults)}; there is no other identifier")
    for fault in faults:
        draft.repair(f"{fault}; left out")
    draft.record["profile"] = profile


def _settle_currency(draft: Draft) -> None:
    currency = draft.record.get("value_currency")
    if currency is not None and not CURRENCY.fullmatch(str(currency)):
        del draft.record["value_currency"]
        draft.repair(f"value_currency: {currency!r} is no ISO 4217 code; left out")


def _faults(draft: Draft) -> list[str]:
    """Everything Klaviyo's ingestion limits would refuse: *Rate limits, status codes, and errors*, linked above."""
    properties, name, faults = draft.record["properties"], require_text(draft, "metric"), []
    if len(name) >= 128:
        faults.append(f"metric: the name has {len(name)} characters; Klaviyo takes fewer than 128")
    if len(properties) > 300:
        faults.append(f"properties: {len(properties)} of them; Klaviyo takes 300")
    encoded = orjson.dumps(properties)
    if len(encoded) > 4_900_000:
        faults.append(f"properties: {len(encoded):,} bytes; Klaviyo takes 5 MB a request")
    return faults if within(encoded, BOUNDS) else [*faults, *excesses("properties", properties, BOUNDS)]


def _time_faults(draft: Draft) -> Iterator[str]:
    time, received_at = draft.record.get("time"), draft.event["received_at"]
    if time is draft.event["timestamp"] and "2000" <= time <= received_at:
        return  # an event's own times need no reading to be compared
    try:
        moment = datetime.fromisoformat(time)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        yield f"time: {time!r} is not ISO 8601; give it iso_time(timestamp) in the blueprint"
        return
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment.year < 2000 or moment - datetime.fromisoformat(received_at) > timedelta(days=365):
        yield f"time: {time} is outside Klaviyo's range, 2000 to a year after {received_at}"


def read(answer: Answer) -> Reading | None:
    """A success that mentions what it ignored of a profile, and a refused job that names the bad events."""
    ignored = answer.headers.get("x-klaviyo-partial-failure")
    if answer.status == 202 and ignored:
        return Reading(Verdict.DELIVERED, note=f"Klaviyo ignored the profile's {ignored}")
    if answer.status == 400 and len(answer.records) > 1:
        return Reading(Verdict.INVALID, culprits=tuple(sorted(_culprits(answer))))
    return None


def _culprits(answer: Answer) -> set[int]:
    """A pointer such as ``/data/attributes/events-bulk-create/data/2/…`` names an entry of the job, or one event."""
    profiles = _by_profile(answer.records)
    named: set[int] = set()
    for entry, event in POINTER.findall(answer.body.decode(errors="replace")):
        indices = profiles[int(entry)] if int(entry) < len(profiles) else []
        named.update(indices[int(event) :][:1] if event else indices)
    return named


def _limits(config: Settings) -> Sequence[Limit]:
    burst, steady = (10, 150) if config["bulk"] else (350, 3500)
    return (Limit(burst, 1, LIMITS), Limit(steady, 60, LIMITS))


def _batch(config: Settings) -> Batch:
    return Batch(events=1000 if config["bulk"] else 1, bytes=5_000_000)


destination = Destination(
    name="klaviyo",
    title="Klaviyo",
    docs="https://developers.klaviyo.com/en/reference/create_event",
    config=Config(),
    host=lambda _: "https://a.klaviyo.com",
    account=lambda config: config["public_api_key"] + ("/bulk" if config["bulk"] else ""),
    limits=_limits,
    variants={
        "default": {
            "events": {
                "page": {
                    "name": "page_view",
                    "fields": {
                        "properties.url": "properties.url || context.page.url",
                        "properties.title": "properties.title || context.page.title",
                    },
                },
                "Product Viewed": "product_viewed",
                "Order Completed": "purchase",
            },
            "fields": {
                "profile.email": "trim(traits.email)",
                "profile.phone_number": "traits.phone",
                "profile.external_id": "user_id",
                "profile.anonymous_id": "anonymous_id",
                "properties.marketing_consent": "granted(context.consent.marketing)",
                "time": "timestamp",
                "value": "number(properties.revenue)",
                "value_currency": "upper(properties.currency)",
                "unique_id": "message_id",
            },
            "rest": {"from": "properties", "into": "properties", "named": "keep"},
        },
    },
    request=request,
    finish=finish,
    name_path="metric",
    needs=("profile.email", "profile.phone_number", "profile.external_id"),
    batch=_batch,
    success=frozenset({202}),
    read=read,
    finds_culprits=True,
    hints={
        400: "Klaviyo requires at least one of email, phone_number or external_id on every event, each well formed.",
        401: f"Invalid private API key or missing scopes: {KEY_HINT}",
        403: f"The key lacks a scope, or Klaviyo blocks this network: {KEY_HINT}",
        410: "Klaviyo has retired this revision of its API: set revision to a newer one.",
        429: "Klaviyo limits each endpoint per account. It is tried again by itself; if this persists, tighten this "
        "integration's limits or contact Klaviyo support.",
    },
    consent=("marketing",),
    dedupes=True,
)
