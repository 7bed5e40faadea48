"""The way requests leave: through ``requests``' adapter, which sets connections up, and plainly once they stand.

On a connection that stands, ``HTTPAdapter.send`` and urllib3 beneath it take 150 µs of CPU a request: for cookies,
redirects and retries nobody wants, timeouts and addresses taken apart again, an answer's head parsed as an e-mail, two
packets for head and body. This takes 35. Connecting, TLS and the pool of connections are still theirs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as CannotConnect
from urllib3 import HTTPResponse
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError, IncompleteRead, ProtocolError

from destinations.form.request import Request
from workers.plain_response import PlainResponse
from workers.wire import encoded, named, origin

ANSWER_BYTES = 65_536


class NotConnected(CannotConnect):
    """There is no connection: nothing was sent."""


class Adapter(HTTPAdapter):
    """Sends the requests of one integration, without proxies or client certificates, verifying the vendor's."""

    def __init__(self, connections: int) -> None:
        super().__init__(pool_connections=2, pool_maxsize=connections, max_retries=0)
        self._hosts: dict[str, tuple[HTTPConnectionPool, str]] = {}

    def exchange(self, request: Request, connect: float, total: float) -> tuple[int, dict[str, str], bytes]:
        """Send a request; status, headers by their names in lower case, and the first 64 KB of the decoded body.

        Connecting may take ``connect`` seconds, each wait for the vendor ``total``, and so may the whole. Raises
        ``NotConnected``; or what urllib3 and the socket raise, and then the vendor may have got the request.
        """
        ends, (pool, host) = time.monotonic() + total, self._host(request.url)
        data = encoded(request, host)
        connection: Any = connected(pool, connect)
        complete = False
        try:
            put(connection.sock, data, total)
            with PlainResponse(connection.sock) as response:
                response.begin()
                headers = response.plain_headers()
                body = read(response, headers, ends)
                complete = not response.will_close and (response.isclosed() or response.length == 0)
        except HTTPException as error:
            raise ProtocolError("Connection aborted.", error) from error
        except TimeoutError as error:
            raise TimeoutError(f"the answer took longer than {total:g} s") from error
        finally:
            if not complete:
                connection.close()
            pool._put_conn(connection)  # urllib3 has no public way
        return response.status, headers, body

    def _host(self, url: str) -> tuple[HTTPConnectionPool, str]:
        """The connections to a URL's host, and its name; looked up once. TLS is set up then, too."""
        host = origin(url)
        if host not in self._hosts:
            bare = PreparedRequest()
            bare.url = url
            pool: Any = self.get_connection_with_tls_context(bare, verify=True)
            verify: Any = self.cert_verify
            verify(pool, url, verify=True, cert=None)
            self._hosts[host] = pool, named(pool)
        return self._hosts[host]


def connected(pool: HTTPConnectionPool, seconds: float) -> Any:
    """A connection of the pool that stands, or a new one."""
    connection: Any = pool._get_conn()  # it looks whether the vendor has closed it
    if connection.sock is None:
        connection.timeout = seconds
        try:
            connection.connect()
        except (HTTPError, OSError) as error:
            connection.close()
            pool._put_conn(connection)
            raise NotConnected(error) from error
    return connection


def put(sock: Any, data: bytes, seconds: float) -> None:
    """Send a request in one piece. A vendor that closes before it has read everything may have answered already."""
    if sock.gettimeout() != seconds:
        sock.settimeout(seconds)
    with suppress(BrokenPipeError, ConnectionResetError):
        sock.sendall(data)


def read(response: PlainResponse, headers: Mapping[str, str], ends: float) -> bytes:
    """The body, decoded; of a longer one about the first 64 KB."""
    source: Any = response
    if "content-encoding" in headers:
        source = HTTPResponse(response, headers, response.status, preload_content=False)
    body = bytearray()
    while chunk := source.read1(ANSWER_BYTES):
        body += chunk
        if len(body) > ANSWER_BYTES:
            return bytes(body)
        if time.monotonic() > ends:
            raise TimeoutError
    if response.length:
        raise IncompleteRead(len(body), response.length)
    return bytes(body)
