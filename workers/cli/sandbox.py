"""``fleet sandbox``: the stand-in vendors alone."""

from __future__ import annotations

import click

from workers.cli.listening import cannot_listen
from workers.cli.terminal import say


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=8090, show_default=True, help="0 picks a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--strict-names", is_flag=True, help="Kustomer: the stricter naming rules some sources report.")
def sandbox(port: int, host: str, strict_names: bool) -> None:
    """Serve a strict stand-in of every vendor until interrupted.

    An integration reaches one by base_url: http://127.0.0.1:8090/klaviyo. GET /klaviyo/_accepted shows what it took,
    POST /klaviyo/_faults makes it fail.
    """
    from destinations.sandbox.server import run  # noqa: PLC0415  # aiohttp is for this command alone

    try:
        run(port, host, strict_names=strict_names, ready=lambda bound: say(f"sandbox ready on http://{host}:{bound}"))
    except OSError as error:
        raise cannot_listen(host, port, error) from error
