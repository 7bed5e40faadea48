"""A Sentry of our own: takes envelopes on a port of this machine and keeps what they say."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from sentry_sdk.envelope import Envelope


class Sentry:
    """What came in: ``reports`` as sent, ``raw`` the bytes of every envelope."""

    def __init__(self, port: int) -> None:
        self.dsn = f"http://public-part@127.0.0.1:{port}/1"
        self.reports: list[dict[str, Any]] = []
        self.raw: list[bytes] = []

    def take(self, body: bytes) -> None:
        """Keep an envelope."""
        self.raw.append(body)
        self.reports += [orjson.loads(item.get_bytes()) for item in Envelope.deserialize(body) if item.type == "event"]

    def said(self, what: str) -> list[dict[str, Any]]:
        """Reports whose message, or whose exception's type, has this in it."""
        return [report for report in self.reports if what in f"{report.get('message')} {exceptions(report)}"]


def exceptions(report: dict[str, Any]) -> list[str]:
    """The types of a report's exceptions, the outermost last."""
    return [error["type"] for error in report.get("exception", {}).get("values", ())]


@contextmanager
def listening() -> Iterator[Sentry]:
    """A Sentry that takes reports until the end of the block."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sentry.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        sentry = Sentry(server.server_port)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield sentry
        server.shutdown()
        thread.join()
