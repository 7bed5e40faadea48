"""The Flask application: blueprints, errors, the OpenAPI document. Each part brings one blueprint."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from gateway import health
from gateway.interface import Interface, options
from gateway.json import OrjsonProvider
from gateway.settings import settings
from workers import logs, sentry

BLUEPRINTS = (health.blueprint,)


def create_app() -> Flask:
    """Make the application of this process."""
    logs.configure()
    sentry.start()
    app = Flask("gateway", static_folder=None)
    app.config.update(options())
    app.json = OrjsonProvider(app)
    app.url_map.strict_slashes = False
    interface = Interface(app)
    for blueprint in BLUEPRINTS:
        interface.register_blueprint(blueprint)
    if settings().proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings().proxies, x_proto=settings().proxies)  # type: ignore[method-assign]
    return app
