"""Kissmetrics: https://support.kissmetrics.io/reference/api-specifications-1 ``/e`` ``/s`` ``/a``, by GET or form POST.

The tracking API answers 200 and a 1×1 GIF to everything, so whatever it throws away shows in the books alone.
Limits of names and values: https://support.kissmetrics.io/docs/technical-notes-on-events-and-properties
Repeats: https://support.kissmetrics.io/docs/detecting-duplicates
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import orjson

from destinations.sandbox.exchange import Answer, Call, Receipt
from destinations.sandbox.vendor import Gate, Vendor

GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
SEEN = Answer(200, GIF, {"Content-Type": "image/gif", "Cache-Control": "no-cache"})

REQUIRED = {"/e": ("_k", "_p", "_n"), "/s": ("_k", "_p"), "/a": ("_k", "_p", "_n")}
RESERVED = frozenset({"_k", "_p", "_n", "_t", "_d", "_p2", "_ip", "_ua"})
LONGEST_URL = 8_190
LONGEST_NAME = 255
LONGEST_VALUE = 512
YEAR_2009 = 1_230_768_000
MILLISECONDS = 100_000_000_000
BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

Params = dict[str, str]


class Discarded(Exception):
    """The event goes nowhere; the client is not told."""


class Kissmetrics(Vendor):
    """Keeps each event as a JSON object of its parameters, ``_k`` included."""

    name = "kissmetrics"

    def __init__(self, strict_names: bool = False) -> None:
        super().__init__(strict_names)
        self._seen: set[str] = set()

    def receive(self, call: Call, gate: Gate) -> Receipt:
        """Take any call."""
        params: Params = {}
        try:
            params.update(_parameters(call))
            _check_required(call.path, params)
            gate.pace(params["_k"], call)
            if not gate.credentials.include(params["_k"]):
                raise Discarded("unknown _k")
            _check_time(params)
            _check_properties(call.path, params)
        except Discarded as why:
            return Receipt(SEEN, discarded=[(str(why), orjson.dumps(params))])
        return self._keep(call, params)

    def error(self, status: int, detail: str) -> Answer:
        """None is documented: what a web server in front of it would say."""
        return Answer(status, f"{status} {detail}\n".encode(), {"Content-Type": "text/plain"})

    def _keep(self, call: Call, params: Params) -> Receipt:
        identity = _identity(call, params)
        if identity in self._seen:
            return Receipt(SEEN, deduplicated=1)
        self._seen.add(identity)
        return Receipt(SEEN, [orjson.dumps(params)], noted=_notes(params))


def _parameters(call: Call) -> Params:
    if call.method not in ("GET", "POST"):
        raise Discarded(f"method {call.method}")
    if len(call.query) > LONGEST_URL:
        raise Discarded("the URL is too long")
    pairs = _decode(call.query) + (_decode(_form(call)) if call.method == "POST" else [])
    params = dict(pairs)
    if len(params) < len(pairs):
        raise Discarded("a parameter is given twice")
    return params


def _form(call: Call) -> str:
    if not call.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return ""
    return call.body.decode("latin-1")


def _decode(text: str) -> list[tuple[str, str]]:
    if not text:
        return []
    if BROKEN_ESCAPE.search(text):
        raise Discarded("a parameter is not URL-encoded")
    try:
        return parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError as error:
        raise Discarded("a parameter is not URL-encoded") from error


def _check_required(path: str, params: Params) -> None:
    required = REQUIRED.get(path)
    if required is None:
        raise Discarded("unknown path")
    for name in required:
        value = params.get(name, "")
        if not value.strip():
            raise Discarded(f"no {name}")
        if len(value) > LONGEST_NAME:
            raise Discarded(f"{name} is over {LONGEST_NAME} characters")


def _check_time(params: Params) -> None:
    if params.get("_d", "0") not in ("0", "1"):
        raise Discarded("_d is neither 0 nor 1")
    given = params.get("_t")
    if given is None:
        return
    if not given.isdecimal() or int(given) >= MILLISECONDS:
        raise Discarded("_t is not in epoch seconds")
    if params.get("_d") == "1" and int(given) < YEAR_2009:
        raise Discarded("_t is before 2009")


def _check_properties(path: str, params: Params) -> None:
    properties = {name: value for name, value in params.items() if not name.startswith("_")}
    if path == "/s" and not properties:
        raise Discarded("no property to set")
    for name, value in properties.items():
        if not name.strip() or len(name) > LONGEST_NAME:
            raise Discarded(f"a property name is empty or over {LONGEST_NAME} characters")
        if len(value) > LONGEST_VALUE:
            raise Discarded(f"a property value is over {LONGEST_VALUE} characters")


def _notes(params: Params) -> list[str]:
    notes = []
    if "_t" in params and params.get("_d") != "1":
        notes.append("_t is no time without _d=1")
    for name, value in params.items():
        if name[:1] == "_" and name not in RESERVED:
            notes.append("a reserved parameter is ignored")
        if "," in name or ":" in name:
            notes.append("a comma or colon in a name becomes a space")
        if value[:1] in ("{", "[") and _is_json(value):
            notes.append("a JSON value is kept as text")
    if any(mark in params.get("_n", "") for mark in ",:"):
        notes.append("a comma or colon in a name becomes a space")
    return notes


def _is_json(value: str) -> bool:
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return False
    return True


def _identity(call: Call, params: Params) -> str:
    """What makes two calls one event: person, name (whatever its case), second and properties; aliases go both ways."""
    if call.path == "/a":
        return "\0".join(["/a", params["_k"], *sorted((params["_p"], params["_n"]))])
    second = params.get("_t", str(int(call.at)))
    properties = sorted(f"{name.lower()}={value}" for name, value in params.items() if name[:1] != "_")
    return "\0".join([call.path, params["_k"], params["_p"], params.get("_n", "").lower(), second, *properties])


vendor = Kissmetrics
