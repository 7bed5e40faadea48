"""Flower as this fleet needs it: closed to strangers, and its queue view lists every integration."""

from __future__ import annotations

from flower.options import default_options
from flower.views import BaseHandler
from flower.views.monitor import Metrics
from tornado import web

from workers import keys
from workers.app import app
from workers.registry import read_installed


def serve(address: str, port: int, credentials: str | None) -> None:
    """Run Flower until interrupted. ``credentials`` are ``user:password``; None leaves that to Flower's settings."""
    # Flower lists the queues that workers told it of when it last asked them, which is none right after its start.
    BaseHandler.get_active_queue_names = _queues
    Metrics.get = web.authenticated(Metrics.get)  # Flower 2.2 shows these, and with them all names, to everybody
    with app.connection() as connection:
        app.conf.broker_use_ssl = connection.ssl or False  # of a rediss:// address Flower's queue view reads no option
    if credentials is not None:
        default_options.basic_auth = [credentials]  # not by its variable, where a comma would end the password
    app.start(["flower", f"--address={address}", f"--port={port}"])


def _queues(_: BaseHandler) -> list[str]:
    """Every queue of the fleet, also of an integration that no worker works for at the moment."""
    return [keys.ROUTE, *sorted(read_installed().documents)]
