"""``python -m destinations.sandbox --port 8090``: serve the stand-in vendors until interrupted."""

from __future__ import annotations

from argparse import ArgumentParser
from sys import stdout

from destinations.sandbox.server import run


def main() -> None:
    """Serve, and say on which port once ready."""
    parser = ArgumentParser(
        prog="python -m destinations.sandbox", description="Strict local stand-ins for the vendors."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090, help="0 picks a free one")
    parser.add_argument(
        "--strict-names", action="store_true", help="Kustomer: the stricter naming rules some sources report"
    )
    asked = parser.parse_args()
    run(
        asked.port,
        asked.host,
        strict_names=asked.strict_names,
        ready=lambda port: stdout.write(f"sandbox ready on http://{asked.host}:{port}\n") and stdout.flush(),
    )


if __name__ == "__main__":
    main()
