"""LaunchDarkly — POST https://events.launchdarkly.com/v2/event-data-import/{project}/{environment}, many events.

https://launchdarkly.com/docs/home/metrics/import-events
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from destinations.form.checks import numeric_or_absent, require_millis, require_text
from destinations.form.credentials import fingerprint
from destinations.form.destination import Destination
from destinations.form.expressions import Compiled, ExpressionError, compile_expression
from destinations.form.functions import string
from destinations.form.options import choice, flag, required, secret, text
from destinations.form.parts import Batch, Draft, Limit, Record, Reject
from destinations.form.request import Request

if TYPE_CHECKING:
    from destinations.form.integration import Integration

HOSTS = ("events.launchdarkly.com", "events.eu.launchdarkly.com", "events.launchdarkly.us")
KIND = validate.Regexp(r"(?!kind\Z|multi\Z)[-A-Za-z0-9._]+\Z", error="{input} cannot be a context kind.")
"""What LaunchDarkly's SDKs take for a context kind."""
PATH_PART = r"(?!\.{1,2}\Z).+\Z"
TOKEN_HINT = "The access token is invalid or lacks the importEventData permission: issue a new token that has it."
UNCONFIRMED = (
    "LaunchDarkly answers 202 to what it does not count, too: an event key no metric has, a context that never met the "
    "experiment, a creationDate outside the running iteration, an account of another cell."
)
VALUE = {"metricValue": "number(properties.value)"}
REVENUE = {"metricValue": "number(properties.revenue)"}
EVENTS: dict[str, Any] = {
    "page": "page_view",
    "Signed Up": "sign_up",
    "Product Viewed": {"name": "product_viewed", "fields": VALUE},
    "Product Added": {"name": "add_to_cart", "fields": VALUE},
    "Checkout Started": {"name": "begin_checkout", "fields": VALUE},
    "Order Completed": {"name": "order_completed", "fields": REVENUE},
}
"""The event table of the default preset; its third column is the property that becomes ``metricValue``."""


class Config(Schema):
    """What an integration with LaunchDarkly is set up with."""

    access_token = secret(
        "Access Token", "Account settings > Authorization. Needs the importEventData permission; sent without Bearer."
    )
    project_key = required(
        "Project Key",
        "The LaunchDarkly project the events belong to.",
        validate.Regexp(PATH_PART, error="Must be a project's key."),
    )
    environment_key = required(
        "Environment Key",
        "The environment the events belong to, e.g. production.",
        validate.Regexp(PATH_PART, error="Must be an environment's key."),
    )
    events_host = choice(
        "Events Host",
        "Your cell's: events.eu.launchdarkly.com for the EU, events.launchdarkly.us for US federal.",
        HOSTS,
        HOSTS[0],
    )
    context_kind = text(
        "Context kind",
        "The kind whose key is user_id, else anonymous_id: the one your SDK evaluates flags for.",
        KIND,
        "user",
    )
    context_keys = fields.Dict(
        keys=fields.Str(validate=KIND),
        values=fields.Str(),
        load_default=dict,
        metadata={
            "label": "Further context keys",
            "help": "Other context kinds and where their keys are found in an event, as {device: anonymous_id}.",
        },
    )
    gzip = flag("Gzip", "Compress requests.")

    @validates_schema
    def _check_context_keys(self, data: dict[str, Any], **_: Any) -> None:
        for kind, expression in data["context_keys"].items():
            if kind == data["context_kind"]:
                raise ValidationError({kind: ["Is the context_kind already."]}, "context_keys")
            try:
                _compiled(expression)
            except ExpressionError as error:
                raise ValidationError({kind: [str(error)]}, "context_keys") from error


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> Compiled:
    return compile_expression(expression)


def request(records: Sequence[Record], integration: Integration, key: str) -> Request:
    """All events in one array; LaunchDarkly ignores a payload whose id it has seen."""
    config = integration.config
    project, environment = (quote(config[name], safe="") for name in ("project_key", "environment_key"))
    headers = {
        "Authorization": config["access_token"],
        "Content-Type": "application/json",
        "X-LaunchDarkly-Event-Schema": "4",
        "User-Agent": "MetricImport-Datafly-int/1.0",
        "X-LaunchDarkly-Payload-ID": key,
    }
    if config["gzip"]:
        headers["Content-Encoding"] = "gzip"
    url = f"{integration.origin}/v2/event-data-import/{project}/{environment}"
    return Request("POST", url, headers, json=list(records), compress=config["gzip"])


def finish(draft: Draft) -> Iterable[Record]:
    """LaunchDarkly refuses a whole array for one malformed event, and counts nothing it cannot attribute."""
    record = draft.record
    if record.get("kind") != "custom":
        raise Reject(f"kind: {record.get('kind')!r}; LaunchDarkly imports custom events only")
    require_text(draft, "key")
    require_millis(draft, "creationDate")
    numeric_or_absent(draft, "metricValue")
    record["contextKeys"] = _context_keys(draft)
    if "metricValue" not in record and _counts_value(draft):
        draft.warn("no metricValue: a numeric metric does not count this event, a conversion metric does")
    return (record,)


def _counts_value(draft: Draft) -> bool:
    return "fields" in EVENTS.get(draft.event.get("event", ""), ())


def _context_keys(draft: Draft) -> dict[str, str]:
    """The blueprint names the person ``user``; ``context_kind`` may call it otherwise and ``context_keys`` add more."""
    config = draft.config
    own = draft.record["contextKeys"].items()
    keys = {config["context_kind"] if kind == "user" else kind: key for kind, key in own}
    keys |= {kind: _compiled(expression)(draft.event) for kind, expression in config["context_keys"].items()}
    return {kind: key for kind, value in keys.items() if (key := string(value))}


destination = Destination(
    name="launchdarkly",
    title="LaunchDarkly",
    docs="https://launchdarkly.com/docs/home/metrics/import-events",
    config=Config(),
    host=lambda config: f"https://{config['events_host']}",
    account=lambda config: fingerprint(config["access_token"]),
    limits=lambda _: (Limit(50, 1, "ours; LaunchDarkly publishes none for its events hosts"),),
    variants={
        "default": {
            "events": EVENTS,
            "fields": {
                "kind": "'custom'",
                "creationDate": "epoch_millis(timestamp)",
                "contextKeys.user": "user_id || anonymous_id",
            },
            "rest": {"from": "properties", "into": "data"},
        },
    },
    request=request,
    finish=finish,
    name_path="key",
    needs=("contextKeys.user",),
    batch=Batch(events=10_000, bytes=9_999_999),
    success=frozenset({202}),
    hints={
        400: "Malformed payload, or an event whose kind is not custom: check the blueprint's mappings.",
        **dict.fromkeys((401, 403), TOKEN_HINT),
        404: "The project key or environment key is wrong: check them under Account settings. An EU or US federal "
        "account needs its own events_host; the default US host answers 404 to it.",
    },
    warnings=(UNCONFIRMED,),
    confirms=False,
    dedupes=True,
)
