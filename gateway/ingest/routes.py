"""The routes: ``POST /v1/track`` and its siblings, ``/v1/batch``, ``/v1/import``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from gateway import credentials
from gateway.ingest import browser, segment
from gateway.ingest.body import read_body
from gateway.ingest.clock import Clock
from gateway.ingest.description import BATCH, event_schema, operation
from gateway.ingest.keeping import keep
from gateway.ingest.refusals import malformed, of_redis, too_fast, unauthorized
from gateway.problems import TROUBLE
from schemas.moment import written
from schemas.vocabulary import TYPES
from workers.write_keys import Source, look_up, spend

blueprint = Blueprint("ingest", __name__, url_prefix="/v1", description="Events in, as Segment's HTTP API takes them.")

Answer = dict[str, Any]


def take(read: Callable[[dict[str, Any]], list[Any]], *, corrected: bool = True) -> Answer:
    """Take the events of this request, which ``read`` finds in its body."""
    received = datetime.now(UTC)
    source = opened(credentials.shown(request)) if request.authorization else None
    body = read_body(request)
    if not isinstance(body, dict):
        raise malformed("the body must be a JSON object")
    source = source or opened(body.pop("writeKey", None))
    events = read(body)
    if wait := spend(source, len(events)):
        raise too_fast(wait, source.rate or 0)
    if request.headers.get("Origin"):
        browser.complete(events, request)
    clock = Clock(received)
    for event in events if corrected else ():
        if isinstance(event, dict):
            clock.correct(event)
    return keep(events, source.pipeline, written(received))


def opened(key: Any) -> Source:
    """What the caller's write key opens, for the page it calls from."""
    source = look_up(key) if isinstance(key, str) and key else None
    if source is None:
        raise unauthorized(
            "the write key opens nothing" if key else "no write key: give it as Basic user name, Bearer or writeKey"
        )
    browser.check_origin(request.headers.get("Origin"), source)
    return source


@blueprint.before_request
def before() -> Response | None:
    """Answer browsers that ask before they send."""
    return browser.preflight(request.headers.get("Origin")) if request.method == "OPTIONS" else None


@blueprint.after_request
def after(response: Response) -> Response:
    """Let the page's script read the answer, or it would try for ever what is refused for good.

    A refusal, too: it says nothing that could not be read without a browser, and no answer depends on who looks at the
    page, for no cookie counts. What a page that is not allowed sends is not taken.
    """
    origin = request.headers.get("Origin")
    return browser.allow(response, origin) if origin and request.method != "OPTIONS" else response


def described(view: Callable[[], Answer], body: dict[str, Any]) -> Callable[[], Answer]:
    """A view with what the OpenAPI document says of it."""
    with_answers: Callable[[], Answer] = blueprint.doc(**operation(body))(view)
    return with_answers


def _add(kind: str) -> None:
    def view() -> Answer:
        return take(lambda body: segment.one(body, kind))

    view.__name__ = kind
    view.__doc__ = f"Take one event of type {kind}."
    blueprint.add_url_rule(f"/{kind}", kind, described(view, event_schema(kind)), methods=["POST"])


def batch() -> Answer:
    """Take a batch of events of any type."""
    return take(segment.batch)


def import_() -> Answer:
    """Take a batch of past events; their timestamps are kept as they are, whatever ``sentAt`` says."""
    return take(segment.batch, corrected=False)


for fault in TROUBLE:
    blueprint.register_error_handler(fault, of_redis)
for kind in TYPES:
    _add(kind)
blueprint.add_url_rule("/batch", "batch", described(batch, BATCH), methods=["POST"])
blueprint.add_url_rule("/import", "import", described(import_, BATCH), methods=["POST"])
