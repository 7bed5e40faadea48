"""The Flask application: blueprints, errors, the OpenAPI document. Each part brings one blueprint."""

from __future__ import annotations

from typing import Any

import sentry_sdk
from flask import Flask, got_request_exception
from werkzeug.middleware.proxy_fix import ProxyFix

from gateway import admin, docs, health, ingest
from gateway.interface import Interface, options
from gateway.json import OrjsonProvider
from gateway.metrics import door as metrics
from gateway.settings import settings
from workers import logs, sentry

BLUEPRINTS = (health.blueprint, ingest.blueprint, ingest.snippet.blueprint, metrics.blueprint, *admin.SECTIONS)


def create_app() -> Flask:
    """Make the application of this process."""
    logs.configure_all()
    sentry.start("gateway")
    app = Flask("gateway", static_folder=None)
    app.config.update(options())
    app.json = OrjsonProvider(app)
    app.url_map.strict_slashes = False
    got_request_exception.connect(_report, app)
    interface = Interface(app)
    app.register_blueprint(docs.blueprint)
    for blueprint in BLUEPRINTS:
        interface.register_blueprint(blueprint)
    if settings().proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings().proxies, x_proto=settings().proxies)  # type: ignore[method-assign]
    return app


def _report(_: Flask, exception: BaseException, **__: Any) -> None:
    """Tell Sentry of what no error handler knew: a bug of ours."""
    sentry_sdk.capture_exception(exception)
