"""``fleet gateway``: the HTTP door."""

from __future__ import annotations

from dataclasses import replace

import click

from gateway.settings import settings
from workers.cli.fleet import reach_redis
from workers.cli.listening import check_address


@click.command()
@click.option("--host", help="The address to listen on (FLEET_GATEWAY_HOST, 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65_535), help="The port (FLEET_GATEWAY_PORT, 8084).")
@click.option("--workers", type=click.IntRange(1), help="Processes that answer (FLEET_GATEWAY_WORKERS, one a core).")
def gateway(host: str | None, port: int | None, workers: int | None) -> None:
    """Serve producers' events and the admin API over HTTP until interrupted.

    It listens on this machine alone unless told otherwise. GET /healthz says whether it runs, GET /readyz whether Redis
    answers, GET /openapi.json what else there is.
    """
    from gateway.admin.settings import settings as admin_settings  # noqa: PLC0415  # Flask is for this command alone
    from gateway.serve import serve  # noqa: PLC0415  # granian, too

    set_ = settings()
    chosen = replace(set_, host=host or set_.host, port=port or set_.port, workers=workers or set_.workers)
    admin_settings()  # what is wrong with them, or with Redis's address, is told now and not to every caller
    reach_redis()
    check_address(chosen.host, chosen.port)
    serve(chosen)
