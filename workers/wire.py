"""A request as it goes over the wire: HTTP/1.1, head and body in one piece."""

from __future__ import annotations

from functools import lru_cache

from requests.utils import requote_uri
from urllib3.connectionpool import HTTPConnectionPool

from destinations.form.request import Request

DEFAULTS = {"User-Agent": "SignalFleet/0.1", "Accept": "*/*", "Accept-Encoding": "gzip"}


def encoded(request: Request, host: str) -> bytes:
    """The bytes of a request to ``host``. Raises ``ValueError`` where a header would begin another line."""
    body = request.body()
    lines = [f"{request.method} {target(request.url)} HTTP/1.1", f"Host: {host}", *beside(tuple(request.headers))]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines)
    if head.count("\n") >= len(lines) or head.count("\r") >= len(lines):
        raise ValueError("a header has several lines")
    return head.encode("latin-1") + b"\r\n\r\n" + (body or b"")


@lru_cache(maxsize=256)
def beside(names: tuple[str, ...]) -> list[str]:
    """The headers that go with every request, beside those a vendor has of its own."""
    own = {name.lower() for name in names}
    return [f"{name}: {value}" for name, value in DEFAULTS.items() if name.lower() not in own]


def target(url: str) -> str:
    """What follows the host, with what an address must have escaped escaped."""
    rest = url[len(origin(url)) :] or "/"
    return rest if rest.isascii() and rest.isprintable() and " " not in rest else requote_uri(rest)


def origin(url: str) -> str:
    """Scheme and host of an absolute URL that has a path."""
    return "/".join(url.split("/", 3)[:3])


def named(pool: HTTPConnectionPool) -> str:
    """A pool's host as the Host header has it."""
    host = f"[{pool.host}]" if ":" in pool.host else pool.host
    return host if pool.port in (None, pool.ConnectionCls.default_port) else f"{host}:{pool.port}"
