"""A section of the admin API: a blueprint below ``/v1/admin`` whose every request must show a token."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Request
from flask_smorest import Blueprint
from marshmallow import RAISE, missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge

from gateway.admin.faults import FAULTS, told
from gateway.admin.guard import BODY_BYTES, guard
from gateway.problems import Problem

SECURITY = "bearer"
ANSWERS = {
    "400": "BAD_REQUEST",
    "401": "UNAUTHORIZED",
    "403": "FORBIDDEN",
    "415": "UNSUPPORTED_MEDIA_TYPE",
    "429": "TOO_MANY_REQUESTS",
    "503": "SERVICE_UNAVAILABLE",
}
"""What any request may be answered besides."""


class Strict(FlaskParser):
    """Reads requests; a parameter nobody knows is a fault there, too: a misspelt filter would choose everything."""

    def __init__(self) -> None:
        super().__init__(unknown=RAISE)

    def _raw_load_json(self, req: Request) -> Any:
        """Read a body by orjson, which ends at a depth where the standard library exhausts the stack."""
        body = req.get_data()
        if len(body) > BODY_BYTES:
            raise RequestEntityTooLarge
        if body and not req.is_json:
            raise Problem(415, "unsupported_media_type", "send JSON, and say so: Content-Type: application/json")
        try:
            return orjson.loads(body) if body else missing
        except orjson.JSONDecodeError as error:
            raise Problem(400, "not_json", f"the body is not JSON: {error.msg}") from error


class Section(Blueprint):
    """``section = Section("ledger", "The books.")``, then routes as with any blueprint of flask-smorest."""

    ARGUMENTS_PARSER = Strict()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(f"admin: {name}", __name__, url_prefix="/v1/admin", description=description)
        self._prepare_doc_cbks.append(self._guarded)
        self.before_request(guard)
        for fault in FAULTS:
            self.register_error_handler(fault, told)

    @staticmethod
    def _guarded(doc: dict[str, Any], _: dict[str, Any], **__: Any) -> dict[str, Any]:
        """Say of an operation in the OpenAPI document that it wants a token, and what else may be answered."""
        doc["security"] = [{SECURITY: []}]
        responses = doc.setdefault("responses", {})
        for status, reference in ANSWERS.items():
            responses.setdefault(status, reference)
        return doc
