"""A section of the admin API: a blueprint below ``/v1/admin`` whose every request must show a token."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE
from webargs.flaskparser import FlaskParser

from gateway.admin.faults import FAULTS, told
from gateway.admin.guard import guard

SECURITY = "bearer"
ANSWERS = {
    "401": "UNAUTHORIZED",
    "403": "FORBIDDEN",
    "429": "TOO_MANY_REQUESTS",
    "503": "SERVICE_UNAVAILABLE",
}
"""What any request may be answered besides."""


class Strict(FlaskParser):
    """Reads requests; a parameter nobody knows is a fault there, too: a misspelt filter would choose everything."""

    def __init__(self) -> None:
        super().__init__(unknown=RAISE)


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
