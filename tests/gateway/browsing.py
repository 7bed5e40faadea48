"""A shop's pages, and a browser that looks at them."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from workers.local.processes import Process

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")

PAGE = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<script>
const report = (value) => navigator.sendBeacon("/report", JSON.stringify(value));
const fetched = window.fetch;
window.fetch = (...call) => fetched(...call).then((answer) => {{ report({{status: answer.status}}); return answer; }});
</script>
{head}
<script>{script}</script>"""


class Pages:
    """An HTTP server of pages; ``reports`` is what their scripts told it."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.reports: list[Any] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def origin(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def add(self, path: str, script: str, head: str = "") -> str:
        """Add a page that runs a script; its URL."""
        self.pages[path] = PAGE.format(title=path, head=head, script=script).encode()
        return f"{self.origin}{path}"

    def told(self, name: str) -> list[Any]:
        """What was reported under a name."""
        return [report[name] for report in self.reports if name in report]

    def _handler(pages) -> type[BaseHTTPRequestHandler]:  # noqa: N805  # self is the handler's
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = pages.pages.get(self.path.partition("?")[0])
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(body or b"")

            def do_POST(self) -> None:
                pages.reports.append(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        return Handler


@contextmanager
def serving() -> Iterator[Pages]:
    """Serve pages meanwhile."""
    pages = Pages()
    thread = threading.Thread(target=pages.server.serve_forever, daemon=True)
    thread.start()
    yield pages
    pages.server.shutdown()
    pages.server.server_close()
    thread.join()


def browser(folder: Path, url: str) -> Process:
    """A browser without a window, with nothing remembered, that opens a page. Fails where there is none to start."""
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    return Process("browser", [_binary(), *FLAGS, f"--user-data-dir={folder / 'profile'}", url], folder, env=home)


def printed(folder: Path, url: str) -> str:
    """A page as it is once its scripts have run, in a browser that reaches this machine alone."""
    alone = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
    flags = [*FLAGS, alone, f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=20000", "--dump-dom"]
    done = subprocess.run([_binary(), *flags, url], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def _binary() -> str:
    binary = next(filter(None, map(shutil.which, NAMES)), None)
    if binary is None:
        pytest.fail("these tests need Chromium: install the package chromium", pytrace=False)
    return binary
