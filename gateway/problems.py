"""What the gateway answers when it cannot do what was asked: ``{"error": {"code", "message", "details"}}``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from marshmallow import Schema, fields
from redis.exceptions import OutOfMemoryError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from schemas.faults import flatten
from workers.connection import AWAY

RETRY_SECONDS = 5
"""What callers are told to wait when Redis is full or away."""

Answer = tuple[dict[str, Any], int, dict[str, str]]


class Problem(Exception):
    """End a request: ``raise Problem(409, "stale", "somebody else changed it meanwhile; read it again")``.

    ``code`` is for programs, ``message`` for people (what is wrong, where, and what to do), ``details`` a list or
    object with every fault.
    """

    def __init__(
        self, status: int, code: str, message: str, details: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = dict(headers or {})

    def answer(self) -> Answer:
        """The body, the status, the headers."""
        return error_body(self.code, self.message, self.details), self.status, self.headers


class _ErrorBody(Schema):
    code = fields.Str(required=True, metadata={"description": "For programs: one word."})
    message = fields.Str(required=True, metadata={"description": "For people: what is wrong, where, and what to do."})
    details = fields.Raw(required=True, allow_none=True, metadata={"description": "Every fault, if there are several."})


class ErrorSchema(Schema):
    """The shape of every answer with a status of 400 and above, for the OpenAPI document."""

    error = fields.Nested(_ErrorBody, required=True)


def error_body(code: str, message: str, details: Any = None) -> dict[str, Any]:
    """The JSON of an error."""
    return {"error": {"code": code, "message": message, "details": details}}


def invalid(faults: Sequence[str]) -> Problem:
    """Something that was given is not right; each fault with its place."""
    return Problem(422, "invalid", faults[0] if len(faults) == 1 else f"{len(faults)} faults", list(faults))


def unavailable(message: str) -> Problem:
    """Answer that the request may succeed a little later."""
    return Problem(503, "unavailable", message, headers={"Retry-After": str(RETRY_SECONDS)})


def of_http(error: HTTPException) -> Answer:
    """A fault that Flask or webargs found, in our shape. Its headers (``Allow``, ``WWW-Authenticate``) are kept."""
    told = getattr(error, "data", None) or {}
    if error.code == 422 and "messages" in told:
        return invalid([line for place in told["messages"].values() for line in flatten(place)]).answer()
    code = re.sub(r"\W+", "_", error.name).lower()
    kept = {name: value for name, value in error.get_headers() if not name.lower().startswith("content-")}
    return error_body(code, told.get("message") or _said(error)), error.code or 500, kept


def _said(error: HTTPException) -> str:
    """What people are told of it; of a wrong address or method what there is instead."""
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        taken = sorted(set(error.valid_methods) - {"HEAD", "OPTIONS"})
        return f"{request.path} takes {' or '.join(taken)}, not {request.method}"
    if isinstance(error, NotFound) and error.description == NotFound.description:
        return f"there is nothing at {request.path}; GET /openapi.json says what there is"
    return error.description or error.name


def of_redis(error: Exception) -> Answer:
    """Redis that is full or away."""
    return unavailable(trouble(error)).answer()


def trouble(error: Exception) -> str:
    """What people are told of a fault of Redis."""
    if isinstance(error, OutOfMemoryError):
        return "Redis is out of memory; deliveries make room, try again later"
    return "Redis does not answer; try again later"


TROUBLE: tuple[type[Exception], ...] = (*AWAY, OutOfMemoryError)
"""Faults of Redis that any request may meet."""
