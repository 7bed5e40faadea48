"""Kustomer — POST https://<org_name>.api.kustomerapp.com/v1/tracking/identityEvent, one event a request.

Endpoint:    https://developer.kustomer.com/docs/api/core-resources/create-tracking-identity
Rate limits: https://developer.kustomer.com/docs/concepts/rate-limits (one budget an org, for all of its keys)
Errors:      https://developer.kustomer.com/docs/concepts/errors
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from marshmallow import Schema, validate

from destinations.form.checks import is_email
from destinations.form.destination import Destination
from destinations.form.functions import string
from destinations.form.numbers import number
from destinations.form.options import choice, flag, required, secret
from destinations.form.parts import Answer, Draft, Drop, Limit, Reading, Record, Reject, Verdict
from destinations.form.request import Request
from destinations.form.resets import seconds_to_reset

if TYPE_CHECKING:
    from destinations.form.integration import Integration

LIMITS = "https://developer.kustomer.com/docs/concepts/rate-limits"
PLANS = {"professional": 300, "business": 500, "enterprise": 1000, "ultimate": 2000}
HOSTS = {"us": "api.kustomerapp.com", "eu": "api.prod2.kustomerapp.com"}
SPACES = {"hyphen": "-", "underscore": "_"}
NUMERIC = frozenset({int, float})
MATCHED = frozenset({"email", "externalId", "phone"})
LARGEST_BODY = 100_000
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{2,32}")
DATE = r"\d{4}-\d\d-\d\d"
DATE_TIME = re.compile(DATE + r"[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
DATE_OR_TIME = re.compile(f"{DATE}|{DATE_TIME.pattern}", re.ASCII)


class Config(Schema):
    """The settings of an integration with Kustomer."""

    org_name = required(
        "Organization name",
        "The acme of https://acme.kustomerapp.com.",
        validate.Regexp(r"[a-z0-9-]+\Z", error="Must be the subdomain alone: a-z, 0-9 and -, such as acme."),
    )
    api_key = secret(
        "API Key",
        "Settings > Security > API Keys. Role org.tracking, and org.user.customer to create customers.",
    )
    region = choice("Region", "Where the organization lives: us (Prod1) or eu (Prod2).", tuple(HOSTS), "us")
    plan = choice("Plan", "Sets the rate: 300, 500, 1,000 or 2,000 requests a minute.", tuple(PLANS), "professional")
    event_name_style = choice(
        "Event name style",
        "hyphen or underscore, should your organization refuse event names with spaces.",
        ("as_is", *SPACES),
        "as_is",
    )
    include_message_id = flag(
        "Include message id",
        "Put messageId into meta: Kustomer has no other way to tell a repeated event.",
    )
    require_identity = flag(
        "Require identity",
        "Drop events without email, user id or phone, which Kustomer attaches to no customer.",
    )


def _request(records: Sequence[Record], integration: Integration, _key: str) -> Request:
    (record,) = records
    headers = {"Authorization": f"Bearer {integration.config['api_key']}", "Content-Type": "application/json"}
    return Request("POST", f"{integration.origin}/v1/tracking/identityEvent", headers, json=record)


def _finish(draft: Draft) -> Iterable[Record]:
    identity, event = _object(draft.record, "identity"), _object(draft.record, "event")
    record = {
        "identity": _identity(draft, identity),
        "event": {
            **event,
            "name": _event_name(draft.name, draft.config["event_name_style"]),
            "meta": _meta(draft, _object(event, "meta")),
        },
    }
    size = len(orjson.dumps(record))
    if size > LARGEST_BODY:
        raise Reject(f"event: {size:,} bytes of JSON; Kustomer takes {LARGEST_BODY:,}. Except large properties in rest")
    return (record,)


def _object(parent: Record, key: str) -> Record:
    """The object under ``key``, empty where there is none; an override may have put something else there."""
    found = parent.get(key) or {}
    if type(found) is not dict:
        raise Reject(f"{key}: {found!r} is no object; let the blueprint's fields name the places within it")
    return found


def _identity(draft: Draft, found: Record) -> Record:
    identity = {key: value for key, value in found.items() if value is not None and value != ""}
    email = identity.get("email")
    if email is not None and not is_email(email):
        draft.repair(f"identity.email: {identity.pop('email')!r} is no email address; left out")
    if MATCHED.isdisjoint(identity):
        if draft.config["require_identity"]:
            raise Drop("no_identity", "no email, user id or phone that Kustomer could match")
        draft.warn("no email, user id or phone: the event arrives with no customer attached; identify first")
    elif "email" not in identity or "externalId" not in identity:
        draft.warn("email and user id are not both known: Kustomer may make a second record of the customer")
    return identity


@lru_cache(maxsize=1024)
def _event_name(given: str, style: str) -> str:
    """Kustomer's names start with a letter. Whether they may have spaces its sources disagree on: hence the option."""
    separator = SPACES.get(style)
    name = re.sub(r"[^A-Za-z0-9_.-]+", separator, given).strip(separator) if separator else given
    if not re.match(r"[A-Za-z][^\x00-\x1f]*\Z", name):
        raise Reject(f"event.name: {name!r} does not start with a letter; name it otherwise in the blueprint's events")
    return name


def _meta(draft: Draft, found: Record) -> dict[str, str | float]:
    """Meta by Kustomer's naming rules; each key renamed and each value rewritten is a repair."""
    if draft.config["include_message_id"]:
        if "messageId" in found:
            draft.repair("event.meta.messageId left out: the event's own message id takes its place")
        found = {**found, "messageId": draft.event["message_id"]}
    meta: dict[str, str | float] = {}
    fitting = _fitting(tuple(found))
    for key, given in found.items():
        kind, (for_text, for_number, for_time) = type(given), fitting[key]
        fits = kind is str and (for_text if given[4:5] != "-" else for_time and DATE_OR_TIME.fullmatch(given))
        if fits and key not in meta:
            meta[key] = given
        elif for_number and kind in NUMERIC and key not in meta and given == (tidy := number(given)) is not None:
            meta[key] = tidy
        else:
            _rewrite(draft, key, given, meta)
    return meta


@lru_cache(maxsize=1024)
def _fitting(keys: tuple[str, ...]) -> dict[str, tuple[bool, bool, bool]]:
    """Of each key whether it may stay as it is: for a text that is no time, for a number, and for a time."""
    return {key: (_key(key, "") == key, _key(key, "Num") == key, _key(key, "At") == key) for key in keys}


def _rewrite(draft: Draft, key: str, given: Any, meta: dict[str, str | float]) -> None:
    """Put what does not fit as it is into ``meta``, rewritten, and say so."""
    kind = type(given)
    if kind is str:
        value, suffix = _read_text(key, given) if given[4:5] == "-" or key[-3:] == "Num" else (given, "")
    else:
        value, suffix = (number(given), "Num") if kind in NUMERIC else (string(given), "")
    if value is None:
        return
    name = _key(key, suffix)
    if name in meta:
        draft.repair(f"event.meta.{key} left out: {name} is set already")
        return
    if name != key or value != given:
        draft.repair(_rewritten(key, name, type(value) is str, type(given).__name__, suffix))
    meta[name] = value


def _read_text(key: str, given: str) -> tuple[str | float, str]:
    """A text that may be a time, or a number under its key, as Kustomer takes it, and the suffix its key must have."""
    if (DATE_OR_TIME if key[-2:] == "At" else DATE_TIME).fullmatch(given):
        return given, "At"
    if key[-3:] == "Num" and (spelled := number(given)) is not None:
        return spelled, "Num"
    return given, ""


@lru_cache(maxsize=8192)
def _key(key: str, suffix: str) -> str:
    """A letter and 2 to 32 letters, digits, - or _, then the suffix; without one it must not look like having one."""
    stem = key.removesuffix(suffix)
    if not KEY.fullmatch(stem):
        stem = re.sub(r"[^A-Za-z0-9_-]", "_", stem)
        stem = stem if stem[:1].isalpha() else f"key{stem}"
        stem = (stem if len(stem) > 2 else f"{stem}Value")[:33]
    if not suffix and stem.endswith(("Num", "At")):
        stem = stem.removesuffix("Num").removesuffix("At")[:30] + "Str"
    return stem + suffix


@lru_cache(maxsize=1024)
def _rewritten(key: str, name: str, is_text: bool, given: str, suffix: str) -> str:
    """The repair of a value of the type called ``given``."""
    shown = name if name != key else "text" if is_text else "a number"
    return f"event.meta.{key} is sent as {shown}: {_why(given, suffix)}"


def _why(given: str, suffix: str) -> str:
    if given in ("bool", "dict", "list"):
        return "Kustomer takes no booleans, objects or lists"
    if suffix == "Num":
        return "numeric values need a key ending in Num" if given != "str" else "its key ends in Num"
    if suffix == "At":
        return "date-time strings need a key ending in At"
    return (
        "keys of other strings are 3 to 33 letters, digits, - or _, the first a letter, and end in neither Num nor At"
    )


def _read(answer: Answer) -> Reading | None:
    if answer.status != 429 or "retry-after" in answer.headers:
        return None
    return Reading(Verdict.THROTTLED, retry_after=seconds_to_reset(answer, "x-ratelimit-reset"))


NUMBERS = ("revenue", "total", "subtotal", "value", "tax", "shipping", "discount", "price", "quantity")

KEY_HINT = (
    "The API key is wrong or lacks the org.tracking role (and org.user.customer to create customers). "
    "Make a new one in Settings > Security > API Keys."
)

destination = Destination(
    name="kustomer",
    title="Kustomer",
    docs="https://developer.kustomer.com/docs/api/core-resources/create-tracking-identity",
    config=Config(),
    host=lambda config: f"https://{config['org_name']}.{HOSTS[config['region']]}",
    account=lambda config: f"{config['org_name']}.{config['region']}",
    limits=lambda config: (Limit(PLANS[config["plan"]], 60, LIMITS),),
    variants={
        "default": {
            "events": {
                "page": "Page Viewed",
                "Signed Up": "Signed Up",
                "Logged In": "Logged In",
                "Products Searched": "Products Searched",
                "Product Viewed": "Product Viewed",
                "Product Added": "Product Added",
                "Checkout Started": "Checkout Started",
                "Order Completed": "Order Completed",
            },
            "fields": {
                "identity.email": "lower(trim(traits.email))",
                "identity.externalId": "user_id",
                "identity.name": "trim(string(traits.name))",
                "identity.phone": "e164(traits.phone)",
                **{f"event.meta.{name}Num": f"number(properties.{name})" for name in NUMBERS},
                "event.meta.anonymousId": "anonymous_id",
                "event.meta.occurredAt": "timestamp",
            },
            "rest": {"from": "properties", "into": "event.meta", "style": "camel"},
        }
    },
    request=_request,
    finish=_finish,
    name_path="event.name",
    needs=lambda config: [f"identity.{key}" for key in sorted(MATCHED)] if config["require_identity"] else (),
    success=frozenset({200, 201, 204}),
    verdicts={409: Verdict.TRANSIENT},
    read=_read,
    hints={
        400: "A meta key breaks the naming rules (numbers end in Num, date-times in At), or the organization takes no "
        "spaces in event names: set event_name_style to hyphen or underscore.",
        **dict.fromkeys((401, 403), KEY_HINT),
        404: "The org_name is wrong, or the organization is in the other region: it is the acme of "
        "https://acme.kustomerapp.com.",
        413: "Kustomer takes 100 kB. Except large properties in the blueprint's rest.",
        429: "All API keys of the organization share one budget a minute. Set plan to yours, or tighten this "
        "integration's limits to leave room for others.",
    },
    consent=("marketing",),
)
