"""The switches and the windows of a stand-in vendor, under ``/<vendor>/_…``; its callers never go there.

``GET _accepted``                        the events kept, in order: ``?offset=&limit=``; ``&ids=PATTERN``: its matches
``GET _accepted?summary=1``              counts only
``GET _discarded`` and ``_refused``      the last events thrown away and calls refused, each with the reason
``POST _accepted``                       ``{"keep": "all" | "none" | PATTERN}``: what of later events is kept
``DELETE _accepted``                     forgets events, counts and repeats
``POST GET DELETE _faults``              a fault or a list of them (``faults.Fault``); GET tells the hits, too
``POST GET DELETE _limits``              ``{requests, seconds, path}``, a list of them, or ``{"published": true}``
``POST GET DELETE _credentials``         ``{"accepted": [..] | null, "refused": [..], "status": 401}``
``POST _options``                        ``{"strict_names": true}``: Kustomer's stricter naming rules

Without a vendor (``/_accepted``, ``/_faults``, …) GET gives every vendor's counts, all else goes to every vendor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from destinations.sandbox.bodies import UnreadableBody, parse_json
from destinations.sandbox.exchange import Answer, Call, json_answer
from destinations.sandbox.faults import FaultSchema
from destinations.sandbox.limits import Limit
from destinations.sandbox.stand import Stand
from destinations.sandbox.vendor import Credentials

Control = Callable[[Stand, Any], Any]


def _pattern(text: str) -> re.Pattern[bytes]:
    try:
        return re.compile(text.encode())
    except re.error as error:
        raise ValidationError(f"{text!r} is not a pattern: {error}.") from error


class LimitSchema(Schema):
    """The JSON of one limit."""

    requests = fields.Int(strict=True, required=True, validate=validate.Range(1))
    seconds = fields.Float(required=True, validate=validate.Range(0, min_inclusive=False))
    path = fields.Str()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Limit:
        """The limit itself."""
        return Limit(**data)


class CredentialsSchema(Schema):
    """The JSON of the credentials a vendor knows."""

    accepted = fields.List(fields.Str(), allow_none=True)
    refused = fields.List(fields.Str())
    status = fields.Int(strict=True, validate=validate.OneOf([401, 403]))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Credentials:
        """The credentials themselves."""
        return Credentials(**data)


class OptionsSchema(Schema):
    """The JSON of a vendor's options."""

    strict_names = fields.Bool(required=True)


class KeepSchema(Schema):
    """The JSON of what is kept of each event."""

    keep = fields.Str(required=True)


class PagingSchema(Schema):
    """The query of a listing."""

    summary = fields.Bool(load_default=False)
    offset = fields.Int(load_default=0, validate=validate.Range(0))
    limit = fields.Int(load_default=None, validate=validate.Range(0))
    ids = fields.Str(load_default=None)


def listing(stand: Stand, which: str, query: Mapping[str, str]) -> Iterator[bytes]:
    """The pieces of a JSON document that lists events."""
    asked = PagingSchema().load(query)
    ids = None if asked["ids"] is None else _pattern(asked["ids"])
    return stand.accepted.pages(which, asked["offset"], asked["limit"], ids)


def control(stand: Stand, call: Call) -> Answer:
    """Serve one control call with a short answer; listings are streamed by the server."""
    change = CONTROLS.get((call.method, call.path))
    if change is None:
        return json_answer(404, {"error": f"No {call.method} {call.path}; see destinations/sandbox/control.py."})
    try:
        return json_answer(200, change(stand, parse_json(call.body) if call.body else {}))
    except (ValidationError, UnreadableBody) as fault:
        return json_answer(400, {"error": fault.messages if isinstance(fault, ValidationError) else str(fault)})


def _clear(stand: Stand, _: Any) -> Any:
    stand.clear()
    return {"cleared": stand.vendor.name}


def _keep(stand: Stand, body: Any) -> Any:
    keep = KeepSchema().load(body)["keep"]
    stand.accepted.keep = keep if keep in ("all", "none") else _pattern(keep)
    return {"keep": keep}


def _set_faults(stand: Stand, body: Any) -> Any:
    stand.faults.set(FaultSchema(many=True).load(body if isinstance(body, list) else [body]))
    return _show_faults(stand, body)


def _show_faults(stand: Stand, _: Any) -> Any:
    return {"faults": [{**FaultSchema().dump(fault), "hits": fault.hits} for fault in stand.faults.all]}


def _no_faults(stand: Stand, _: Any) -> Any:
    stand.faults.set(())
    return {"faults": []}


def _set_limits(stand: Stand, body: Any) -> Any:
    published = body == {"published": True}
    given = (
        stand.vendor.published if published else LimitSchema(many=True).load(body if isinstance(body, list) else [body])
    )
    stand.gate.meter.set(given)
    return _show_limits(stand, body)


def _show_limits(stand: Stand, _: Any) -> Any:
    return {"limits": stand.summary()["limits"]}


def _no_limits(stand: Stand, _: Any) -> Any:
    stand.gate.meter.set(())
    return {"limits": []}


def _set_credentials(stand: Stand, body: Any) -> Any:
    stand.gate.credentials = CredentialsSchema().load(body)
    return _show_credentials(stand, body)


def _show_credentials(stand: Stand, _: Any) -> Any:
    return CredentialsSchema().dump(stand.gate.credentials)


def _set_options(stand: Stand, body: Any) -> Any:
    options = OptionsSchema().load(body)
    stand.vendor.strict_names = options["strict_names"]
    return options


def _any_credentials(stand: Stand, body: Any) -> Any:
    stand.gate.credentials = Credentials()
    return _show_credentials(stand, body)


CONTROLS: Mapping[tuple[str, str], Control] = {
    ("POST", "/_accepted"): _keep,
    ("DELETE", "/_accepted"): _clear,
    ("POST", "/_faults"): _set_faults,
    ("GET", "/_faults"): _show_faults,
    ("DELETE", "/_faults"): _no_faults,
    ("POST", "/_limits"): _set_limits,
    ("GET", "/_limits"): _show_limits,
    ("DELETE", "/_limits"): _no_limits,
    ("POST", "/_credentials"): _set_credentials,
    ("GET", "/_credentials"): _show_credentials,
    ("DELETE", "/_credentials"): _any_credentials,
    ("POST", "/_options"): _set_options,
}
