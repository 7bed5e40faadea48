"""The OpenAPI document, made from the blueprints' schemas, and every error in one shape."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from flask import Flask
from flask_smorest import Api
from werkzeug.exceptions import HTTPException

from gateway import docs
from gateway.described import describe
from gateway.problems import TROUBLE, Answer, ErrorSchema, Problem, of_http, of_redis

SECURITY = {
    "writeKey": {"type": "http", "scheme": "basic", "description": "A pipeline's write key as user name, no password."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The write key; the admin token for /v1/admin."},
}


def options() -> dict[str, Any]:
    """What flask-smorest takes from the app's configuration."""
    return {
        "API_TITLE": "Signal Fleet",
        "API_VERSION": _version(),
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/",
        "OPENAPI_JSON_PATH": "openapi.json",
        "OPENAPI_SWAGGER_UI_PATH": docs.PATH,
        "OPENAPI_SWAGGER_UI_URL": f"{docs.PATH}/",
        "OPENAPI_SWAGGER_UI_CONFIG": docs.CONFIG,
        "API_SPEC_OPTIONS": {"components": {"securitySchemes": SECURITY}},
    }


def _version() -> str:
    try:
        return version("signal-fleet")
    except PackageNotFoundError:
        return "from source"


class Interface(Api):
    """flask-smorest's, with our errors."""

    ERROR_SCHEMA = ErrorSchema

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        describe(self)
        app.register_error_handler(Problem, lambda problem: problem.answer())
        for trouble in TROUBLE:
            app.register_error_handler(trouble, of_redis)

    def handle_http_exception(self, error: HTTPException) -> Answer:
        """Tell a fault that Flask or webargs found, or a bug (500)."""
        return of_http(error)
