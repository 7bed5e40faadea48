"""What is special about calls from a browser: its page must be allowed, and it does not know its own address."""

from __future__ import annotations

import time
from typing import Any

import orjson
from flask import Request, Response

from gateway.ingest.refusals import Refusal
from schemas.origin import ANY
from workers import keys
from workers.connection import redis
from workers.process import per_process
from workers.write_keys import Source

PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding",
    "Access-Control-Max-Age": "600",
}
SECONDS_KNOWN = 2.0


def check_origin(origin: str | None, source: Source) -> None:
    """Refuse a page that may not hand in events for this pipeline."""
    if origin is not None and source.origins.isdisjoint((origin, ANY)):
        message = f"pages of {origin} may not hand in events for pipeline {source.pipeline}; add it to its origins"
        raise Refusal(403, "origin", message)


def complete(events: list[Any], request: Request) -> None:
    """Add the caller's address and user agent to the events' contexts, where these say nothing of them."""
    known = {"ip": request.remote_addr, "userAgent": request.headers.get("User-Agent")}
    for event in events:
        if isinstance(event, dict) and isinstance(context := event.setdefault("context", {}) or {}, dict):
            event["context"] = {**_told(known, context), **context}


def _told(known: dict[str, str | None], context: dict[str, Any]) -> dict[str, str]:
    spelt = context.keys() | ({"userAgent"} if "user_agent" in context else set())
    return {name: value for name, value in known.items() if value and name not in spelt}


def allow(response: Response, origin: str) -> Response:
    """Let a page's script read an answer."""
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    response.vary.add("Origin")
    return response


def preflight(origin: str | None) -> Response:
    """Answer a browser that asks before it sends: it does not say for which pipeline, so any that allows it counts."""
    response = Response(status=204)
    response.vary.add("Origin")
    if origin is not None and not _allowed().isdisjoint((origin, ANY)):
        response.headers.update(PREFLIGHT)
        allow(response, origin)
    return response


def _allowed() -> frozenset[str]:
    """The origins of all pipelines."""
    known = _known()
    if time.monotonic() > known["until"]:
        documents: Any = redis().hvals(keys.PIPELINES)
        origins = [origin for document in documents for origin in orjson.loads(document).get("origins") or ()]
        known.update(origins=frozenset(origins), until=time.monotonic() + SECONDS_KNOWN)
    return frozenset(known["origins"])


@per_process
def _known() -> dict[str, Any]:
    """What this process has seen, and until when it believes it."""
    return {"origins": frozenset(), "until": 0.0}
