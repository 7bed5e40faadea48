"""Kissmetrics — GET https://trk.kissmetrics.io/e, one event a request, all of it in the query string.

Paths and parameters: https://support.kissmetrics.io/reference/api-specifications-1
Names, values, ages:  https://support.kissmetrics.io/docs/technical-notes-on-events-and-properties
Duplicates:           https://support.kissmetrics.io/docs/detecting-duplicates
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields

from destinations.form.credentials import fingerprint, one_word
from destinations.form.destination import Destination
from destinations.form.flatten import leaves
from destinations.form.functions import number, string
from destinations.form.names import title
from destinations.form.parts import Config as Settings
from destinations.form.parts import Draft, Drop, Limit, Record, Reject
from destinations.form.request import Request, encode_pairs

if TYPE_CHECKING:
    from destinations.form.integration import Integration

LONGEST_URL = 2048
LONGEST_NAME = 255
LONGEST_VALUE = 512
FIRST_SECOND = 1_230_768_000  # 2009-01-01
FIRST_MILLISECOND = 10**11
HEAD = frozenset({"_p", "_n", "_t"})
IDENTIFY = "identify"
ARRIVALS = frozenset({"Signed Up", "Logged In"})
SHARED = frozenset({"anonymous", "guest", "null", "none", "undefined", "unknown", "0"})
MONEY = ("Revenue", "Total")


class Config(Schema):
    """The settings of an integration with Kissmetrics."""

    api_key = fields.Str(
        required=True,
        validate=one_word,
        metadata={"label": "API Key", "help": "The product's, from its Settings. Sent as _k.", "secret": True},
    )
    alias_on_identify = fields.Bool(
        load_default=False,
        metadata={
            "label": "Alias on identify",
            "help": "At identify, merge the anonymous person into the known one (/a). Kissmetrics cannot undo it.",
        },
    )
    set_traits_on_identify = fields.Bool(
        load_default=False,
        metadata={"label": "Set traits on identify", "help": "At identify, store all traits with the person (/s)."},
    )
    negate_refunds = fields.Bool(
        load_default=False,
        metadata={
            "label": "Negate refunds",
            "help": "Send Revenue and Total of Order Refunded as negative amounts, which revenue reports subtract.",
        },
    )


def _request(records: Sequence[Record], integration: Integration, _key: str) -> Request:
    """A GET; a form POST where the URL would be longer than 2,048 bytes."""
    (record,) = records
    address = integration.origin + record["path"]
    pairs = {"_k": integration.config["api_key"], **record["pairs"]}
    url = f"{address}?{encode_pairs(pairs)}"
    if len(url) <= LONGEST_URL:
        return Request("GET", url, {})
    return Request("POST", address, {"Content-Type": "application/x-www-form-urlencoded"}, form=pairs)


def _finish(draft: Draft) -> Iterable[Record]:
    if draft.event["type"] == "identify" and draft.name == IDENTIFY and _extra_events(draft.config):
        return _identify(draft)
    _warn_of_person(draft)
    head = {"_p": draft.record["_p"], "_n": _legal(draft, draft.name), "_t": draft.record.get("_t"), "_d": 1}
    return (_call("/e", head, _properties(draft, _amounts(draft))),)


def _identify(draft: Draft) -> list[Record]:
    """``/a`` with both ids, then ``/s`` with every trait, as the options say."""
    calls = []
    known, anonymous = draft.event.get("user_id"), draft.event.get("anonymous_id")
    if draft.config["alias_on_identify"] and known and anonymous and known != anonymous:
        calls.append(_call("/a", {"_p": anonymous, "_n": known}, {}))
    if draft.config["set_traits_on_identify"]:
        traits = {title(name): value for name, value in draft.event["traits"].items()}
        if own := _properties(draft, traits | draft.record):
            calls.append(_call("/s", {"_p": draft.record["_p"], "_t": draft.record.get("_t"), "_d": 1}, own))
    if not calls:
        raise Drop("nothing_to_identify", "an alias needs user_id and another anonymous_id, setting traits needs some")
    return calls


def _call(path: str, head: Mapping[str, Any], own: dict[str, str]) -> Record:
    """The call's parameters; raises ``Reject`` with everything Kissmetrics would cut off or throw away."""
    pairs = {name: string(value) or "" for name, value in head.items()}
    if faults := [*_head_faults(head, pairs), *_faults(own)]:
        raise Reject("; ".join(faults))
    pairs.update(own)
    return {"path": path, "pairs": pairs}


def _properties(draft: Draft, found: Mapping[str, Any]) -> dict[str, str]:
    """What Kissmetrics can keep: flat, text or number, under names that differ by more than case."""
    kept: dict[str, str] = {}
    seen = {""}
    for given, value in _flat(found):
        if given in HEAD:
            continue
        text = value if type(value) is str else _text(draft, given, value)
        if text is None:
            continue
        name = _legal(draft, given)
        folded = name.strip().lower()
        if name[:1] == "_":
            draft.repair(f"{given} left out: Kissmetrics keeps names beginning with _ to itself")
        elif folded in seen:
            draft.repair(f"{given!r} left out: to Kissmetrics the name is empty, or the same as another")
        else:
            seen.add(folded)
            kept[name] = text
    return kept


def _flat(properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names within objects follow after a dot, written for people as those at the top are."""
    for name, value in properties.items():
        if type(value) is dict:
            yield from ((f"{name}.{'.'.join(map(title, inner.split('.')))}", leaf) for inner, leaf in leaves(value))
        else:
            yield name, value


def _text(draft: Draft, name: str, value: Any) -> str | None:
    if type(value) is not list:
        return string(value)
    if any(isinstance(item, dict | list) for item in value):
        draft.repair(f"{name} left out: Kissmetrics keeps no lists of objects")
        return None
    return ",".join(text for item in value if (text := string(item)) is not None) or None


def _legal(draft: Draft, name: str) -> str:
    """Kissmetrics turns commas and colons into spaces; doing it here makes it a repair that is seen."""
    if "," not in name and ":" not in name:
        return name
    legal = name.replace(",", " ").replace(":", " ")
    draft.repair(f"{name!r} is sent as {legal!r}: Kissmetrics takes no , or : in names")
    return legal


def _amounts(draft: Draft) -> Record:
    """The record with a revenue that is a number, if it can be one, and negative amounts of refunds if so wished."""
    record = draft.record
    revenue = record.get("Revenue")
    if revenue is not None and number(revenue) is None:
        draft.warn("Revenue is not a number: Kissmetrics' revenue reports do not count it")
    amounts = {name: amount for name in MONEY if (amount := number(record.get(name))) is not None}
    if draft.config["negate_refunds"] and (draft.name == "Refunded" or draft.event.get("event") == "Order Refunded"):
        amounts = {name: -abs(amount) for name, amount in amounts.items()}
    return record | amounts


def _warn_of_person(draft: Draft) -> None:
    """Kissmetrics takes any id, and makes one person of all who share it."""
    person = draft.record.get("_p")
    if isinstance(person, str) and person.lower() in SHARED:
        draft.warn("_p is no person's own id: Kissmetrics makes one person of everyone who comes with it")
    ids = draft.event.get("user_id"), draft.event.get("anonymous_id")
    if draft.event.get("event") in ARRIVALS and all(ids) and not draft.config["alias_on_identify"]:
        draft.warn("the anonymous history stays another person's: set alias_on_identify, or alias at login yourself")


def _head_faults(head: Mapping[str, Any], pairs: Mapping[str, str]) -> Iterator[str]:
    for name in ("_p", "_n"):
        length = len(pairs.get(name, "?").strip())
        if length > LONGEST_NAME:
            yield f"{name}: {length} characters; Kissmetrics takes {LONGEST_NAME}"
        elif not length:
            yield f"{name}: blank; Kissmetrics throws such events away"
    if "_t" in head:
        yield from _time_faults(head["_t"])


def _time_faults(time: Any) -> Iterator[str]:
    if type(time) is not int or time >= FIRST_MILLISECOND:
        yield f"_t: {time!r} is not unix seconds; give it epoch_seconds(timestamp) in the blueprint"
    elif time < FIRST_SECOND:
        yield f"_t: {time} is before 2009-01-01; Kissmetrics stores nothing that old"


def _faults(pairs: Mapping[str, str]) -> Iterator[str]:
    for name, text in pairs.items():
        if len(name) > LONGEST_NAME:
            yield f"{name[:40]}…: a name of {len(name)} characters; Kissmetrics takes {LONGEST_NAME}"
        if len(text) > LONGEST_VALUE:
            yield f"{name}: {len(text)} characters; Kissmetrics takes {LONGEST_VALUE}. Shorten it, or except it in rest"


def _extra_events(config: Settings) -> Mapping[str, str]:
    return {IDENTIFY: IDENTIFY} if config["alias_on_identify"] or config["set_traits_on_identify"] else {}


destination = Destination(
    name="kissmetrics",
    title="Kissmetrics",
    docs="https://support.kissmetrics.io/reference/api-specifications-1",
    config=Config(),
    host=lambda _: "https://trk.kissmetrics.io",
    account=lambda config: fingerprint(config["api_key"]),
    limits=lambda _: (Limit(100, 1, "our default; Kissmetrics publishes no limit for tracking"),),
    variants={
        "default": {
            "unmapped": "drop",
            "events": {
                "page": "Page Viewed",
                "Signed Up": "Signed Up",
                "Logged In": "Logged In",
                "Products Searched": "Searched",
                "Product Viewed": "Product Viewed",
                "Product Added": "Added to Cart",
                "Checkout Started": "Checkout Started",
                "Order Completed": "Purchased",
                "Order Refunded": "Refunded",
            },
            "fields": {
                "_p": "user_id || anonymous_id",
                "_t": "epoch_seconds(timestamp)",
                "Email": "traits.email",
                "Name": "traits.name",
            },
            "rest": {"from": "properties", "style": "title"},
        }
    },
    request=_request,
    finish=_finish,
    name_path="_n",
    needs=("_p",),
    extra_events=_extra_events,
    success=frozenset({200}),
    hints={
        401: "Copy the API key again, from the Settings of the product that should receive the events.",
        403: "Copy the API key again, from the Settings of the product that should receive the events.",
        404: "Kissmetrics is reached at https://trk.kissmetrics.io; check base_url.",
    },
    warnings=("Kissmetrics answers 200 to everything, a wrong API key included: look for the event in its Live view.",),
    confirms=False,
    dedupes=True,
)
