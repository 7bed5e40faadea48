"""``/docs``: the OpenAPI document for people, by Swagger UI as a package ships it: nothing comes from elsewhere."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

from flask import Blueprint, Response, abort, send_file

PATH = "/docs"
FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js"})
CONFIG: dict[str, Any] = {"validatorUrl": None, "tryItOutEnabled": True, "displayRequestDuration": True}
"""Without a ``validatorUrl`` it would show the document to a validator on the internet."""

DAY = 86_400

blueprint = Blueprint("docs", __name__)


@blueprint.get(f"{PATH}/<name>")
def asset(name: str) -> Response:
    """A file of Swagger UI."""
    if name not in FILES:
        abort(404)
    with as_file(files("swagger_ui") / "static" / name) as path:
        return send_file(path, max_age=DAY)
