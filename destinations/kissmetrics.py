"""Kissmetrics — GET https://trk.kissmetrics.io/e, one event a request, all of it in the query string.

Paths and parameters: https://support.kissmetrics.io/reference/api-specifications-1
Names, values, ages:  https://support.kissmetrics.io/docs/technical-notes-on-events-and-properties
Duplicates:           https://support.kissmetrics.io/docs/detecting-duplicates
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from marshmallow import Schema

from destinations.form.credentials import fingerprint
from destinations.form.destination import Destination
from destinations.form.flatten import leaves
from destinations.form.functions import string
from destinations.form.names import title
from destinations.form.numbers import number
from destinations.form.options import flag, secret
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
IDS = ("_p", "_n")
HEAD = frozenset({*IDS, "_t"})
NESTED = frozenset({dict, list})
IDENTIFY = "identify"
ARRIVALS = frozenset({"Signed Up", "Logged In"})
SHARED = frozenset({"anonymous", "guest", "null", "none", "undefined", "unknown", "0"})
LONGEST_SHARED = max(map(len, SHARED))
MONEY = ("Revenue", "Total")


class Config(Schema):
    """The settings of an integration with Kissmetrics."""

    api_key = secret("API Key", "The product's, from its Settings. Sent as _k.")
    alias_on_identify = flag(
        "Alias on identify",
        "At identify, merge the anonymous person into the known one (/a). Kissmetrics cannot undo it.",
    )
    set_traits_on_identify = flag("Set traits on identify", "At identify, store all traits with the person (/s).")
    negate_refunds = flag(
        "Negate refunds",
        "Send Revenue and Total of Order Refunded as negative amounts, which revenue reports subtract.",
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
    _settle_amounts(draft)
    name = _legal(draft.name)
    if name != draft.name:
        draft.repair(_renamed(draft.name, name))
    head = {"_p": draft.record["_p"], "_n": name, "_t": draft.record.get("_t"), "_d": "1"}
    return (_call("/e", head, _properties(draft, draft.record)),)


def _identify(draft: Draft) -> list[Record]:
    """``/a`` with both ids, then ``/s`` with every trait, as the options say."""
    calls = []
    known, anonymous = draft.event.get("user_id"), draft.event.get("anonymous_id")
    if draft.config["alias_on_identify"] and known and anonymous and known != anonymous:
        calls.append(_call("/a", {"_p": anonymous, "_n": known}, {}))
    if draft.config["set_traits_on_identify"]:
        traits = {title(name): value for name, value in draft.event["traits"].items()}
        if own := _properties(draft, traits | draft.record):
            calls.append(_call("/s", {"_p": draft.record["_p"], "_t": draft.record.get("_t"), "_d": "1"}, own))
    if not calls:
        raise Drop("nothing_to_identify", "an alias needs user_id and another anonymous_id, setting traits needs some")
    return calls


def _call(path: str, head: Mapping[str, Any], own: dict[str, str]) -> Record:
    """The call's parameters; raises ``Reject`` with everything Kissmetrics would cut off or throw away."""
    pairs, faults = {**head, **own}, []
    for name in IDS:
        if name in head:
            text = pairs[name] = string(pairs[name]) or ""
            if not 0 < len(text.strip()) <= LONGEST_NAME:
                faults.append(_id_fault(name, text))
    if "_t" in head:
        seconds = head["_t"]
        pairs["_t"] = str(seconds)
        if type(seconds) is not int or not FIRST_SECOND <= seconds < FIRST_MILLISECOND:
            faults.append(_time_fault(seconds))
    if len("".join(own.values())) > LONGEST_VALUE or len("".join(own)) > LONGEST_NAME:
        faults += _long(own)
    if faults:
        raise Reject("; ".join(faults))
    return {"path": path, "pairs": pairs}


def _properties(draft: Draft, found: Record) -> dict[str, str]:
    """What Kissmetrics can keep: flat, text or number, under names that differ by more than case."""
    legal, repairs = _naming(tuple(found))
    own: dict[str, str] = {}
    left_out: list[str] = []
    for given, value in found.items():
        kind = type(value)
        if kind is dict:
            return _properties(draft, _flat(found))
        if name := legal[given]:
            text = value if kind is str else string(value) if kind is not list else _joined(value, name, left_out)
            if text is not None:
                own[name] = text
    draft.repairs += repairs
    draft.repairs += left_out
    return own


def _flat(properties: Record) -> Record:
    """Names within objects follow after a dot, written for people as those at the top are."""
    flat: Record = {}
    for name, value in properties.items():
        parts = leaves(value) if type(value) is dict else ()
        inner = {f"{name}.{'.'.join(map(title, place.split('.')))}": leaf for place, leaf in parts}
        flat |= inner if type(value) is dict else {name: value}
    return flat


def _joined(items: list[Any], name: str, left_out: list[str]) -> str | None:
    """A list as text; one of objects, or of lists, is left out, which is a repair."""
    if NESTED.isdisjoint(map(type, items)):
        return ",".join(text for item in items if (text := string(item)) is not None) or None
    left_out.append(f"{name} left out: Kissmetrics keeps no lists of objects")
    return None


@lru_cache(maxsize=1024)
def _naming(given: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    """Each name as Kissmetrics keeps it, empty where it does not, and what was repaired: once for events alike."""
    names: dict[str, str] = {}
    repairs, seen = [], {""}
    for name in given:
        legal = _legal(name)
        folded = legal.strip().lower()
        if legal != name:
            repairs.append(_renamed(name, legal))
        reserved = legal[:1] == "_"
        if reserved and name not in HEAD:
            repairs.append(f"{name} left out: Kissmetrics keeps names beginning with _ to itself")
        elif folded in seen and not reserved:
            repairs.append(f"{name!r} left out: to Kissmetrics the name is empty, or the same as another")
        names[name] = "" if reserved or folded in seen else legal
        seen.add(folded if names[name] else "")
    return names, repairs


def _legal(name: str) -> str:
    """Kissmetrics turns commas and colons into spaces; doing it here makes it a repair that is seen."""
    return name.replace(",", " ").replace(":", " ") if "," in name or ":" in name else name


def _renamed(name: str, legal: str) -> str:
    return f"{name!r} is sent as {legal!r}: Kissmetrics takes no , or : in names"


def _settle_amounts(draft: Draft) -> None:
    """Make amounts numbers where they can be, and those of refunds negative if so wished."""
    record = draft.record
    refunded = draft.name == "Refunded" or draft.event.get("event") == "Order Refunded"
    negated = refunded and draft.config["negate_refunds"]
    for name in MONEY:
        given = record.get(name)
        if given is None:
            continue
        amount = number(given)
        if amount is not None:
            record[name] = -abs(amount) if negated else amount
        elif name == "Revenue":
            draft.warn("Revenue is not a number: Kissmetrics' revenue reports do not count it")


def _warn_of_person(draft: Draft) -> None:
    """Kissmetrics takes any id, and makes one person of all who share it."""
    person = draft.record.get("_p")
    if isinstance(person, str) and len(person) <= LONGEST_SHARED and person.lower() in SHARED:
        draft.warn("_p is no person's own id: Kissmetrics makes one person of everyone who comes with it")
    event = draft.event
    arrives = event.get("event") in ARRIVALS and event.get("user_id") and event.get("anonymous_id")
    if arrives and not draft.config["alias_on_identify"]:
        draft.warn("the anonymous history stays another person's: set alias_on_identify, or alias at login yourself")


def _id_fault(name: str, text: str) -> str:
    length = len(text.strip())
    blank = f"{name}: blank; Kissmetrics throws such events away"
    return f"{name}: {length} characters; Kissmetrics takes {LONGEST_NAME}" if length else blank


def _time_fault(time: Any) -> str:
    if type(time) is int and time < FIRST_SECOND:
        return f"_t: {time} is before 2009-01-01; Kissmetrics stores nothing that old"
    return f"_t: {time!r} is not unix seconds; give it epoch_seconds(timestamp) in the blueprint"


def _long(pairs: Mapping[str, str]) -> list[str]:
    names = [
        f"{name[:40]}…: a name of {len(name)} characters; Kissmetrics takes {LONGEST_NAME}"
        for name in pairs
        if len(name) > LONGEST_NAME
    ]
    return names + [
        f"{name}: {len(text)} characters; Kissmetrics takes {LONGEST_VALUE}. Shorten it, or except it in rest"
        for name, text in pairs.items()
        if len(text) > LONGEST_VALUE
    ]


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
        **dict.fromkeys((401, 403), "Copy the API key again, from the Settings of the product that should get events."),
        404: "Kissmetrics is reached at https://trk.kissmetrics.io; check base_url.",
    },
    warnings=("Kissmetrics answers 200 to everything, a wrong API key included: look for the event in its Live view.",),
    confirms=False,
    dedupes=True,
)
