"""``fleet gateway``: the HTTP door."""

from __future__ import annotations

from dataclasses import replace

import click

from gateway.settings import settings


@click.command()
@click.option("--host", help="The address to listen on (FLEET_GATEWAY_HOST, 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65_535), help="The port (FLEET_GATEWAY_PORT, 8084).")
@click.option("--workers", type=click.IntRange(1), help="Processes that answer (FLEET_GATEWAY_WORKERS, one a core).")
def gateway(host: str | None, port: int | None, workers: int | None) -> None:
    """Serve producers' events and the admin API over HTTP until interrupted.

    It listens on this machine alone unless told otherwise. GET /healthz says whether it runs, GET /readyz whether Redis
    answers, GET /openapi.json what else there is.
    """
    from gateway.serve import serve  # noqa: PLC0415  # granian and Flask are for this command alone

    set_ = settings()
    serve(replace(set_, host=host or set_.host, port=port or set_.port, workers=workers or set_.workers))
