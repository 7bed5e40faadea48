"""The adapter requests leave through: what is read plainly is read as requests reads it, and TLS is checked."""

from __future__ import annotations

import datetime
import gzip
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from urllib3.exceptions import HTTPError

from destinations.form.request import Request
from tests.unit.workers.answering import answering
from workers.adapter import Adapter, NotConnected
from workers.local.processes import free_port
from workers.plain_response import plain
from workers.wire import encoded

OK = b"HTTP/1.1 200 OK\r\n"
ZIPPED = gzip.compress(b'{"ok":true}')
PLAIN = {
    "length": [OK + b"Content-Length: 2\r\nContent-Type: image/gif\r\n\r\nhi"],
    "no reason": [b"HTTP/1.1 201\r\ncontent-LENGTH:2\r\n\r\nhi"],
    "several of a name": [OK + b"Set-Cookie: a=1\r\nContent-Length: 0\r\nSet-Cookie: b=2\r\n\r\n"],
    "nothing to say": [b"HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n"],
    "chunked": [OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"],
    "until it closes": [OK + b"Content-Type: text/html\r\n\r\n<html>", b"</html>"],
    "gzip": [OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(ZIPPED), ZIPPED],
    "gzip, chunked": [
        OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(ZIPPED), ZIPPED),
    ],
    "body later": [OK + b"Content-Length: 4\r\n\r\n", b"lat", b"e"],
    "refused": [b"HTTP/1.1 429 Slow down\r\nRetry-After: 3\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"],
    "moved": [b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"],
}
ODD = {
    "in two pieces": [OK + b"Content-Le", b"ngth: 2\r\n\r\nhi"],
    "old": [b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhi"],
    "bare line feeds": [b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"],
    "told to go on": [b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nhi"],
    "folded": [OK + b"X-Long: a\r\n b\r\nContent-Length: 2\r\n\r\nhi"],
    "no colon": [OK + b"nonsense\r\nContent-Length: 2\r\n\r\nhi"],
    "length of no length": [OK + b"Content-Length: many\r\n\r\nhi"],
    "negative": [OK + b"Content-Length: -1\r\n\r\nhi"],
    "cut in the head": [OK + b"Content-Le"],
}
BROKEN = {
    "nothing": [b""],
    "no HTTP": [b"SSH-2.0-OpenSSH\r\n\r\n"],
    "cut in the body": [OK + b"Content-Length: 9\r\n\r\nhi"],
    "cut between chunks": [OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"],
    "no gzip": [OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi"],
    "another version": [b"HTTP/7.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
}


def ask(address: str, **how: float) -> tuple[int, dict[str, str], bytes]:
    return Adapter(1).exchange(Request("GET", f"{address}/e?a=1", {}), 3, how.get("total", 10))


@pytest.mark.parametrize("pieces", [*PLAIN.values(), *ODD.values()], ids=[*PLAIN, *ODD])
def test_an_answer_is_read_as_requests_reads_it(pieces: list[bytes]) -> None:
    with answering(*pieces) as (address, _):
        status, headers, body = ask(address)
        known = requests.get(f"{address}/e?a=1", timeout=10, allow_redirects=False)
    assert (status, body) == (known.status_code, known.content)
    assert headers == {name.lower(): value for name, value in known.headers.items()}


@pytest.mark.parametrize("pieces", PLAIN.values(), ids=PLAIN)
def test_what_everybody_writes_is_read_plainly(pieces: list[bytes]) -> None:
    assert plain(pieces[0].partition(b"\r\n\r\n")[0].decode())


@pytest.mark.parametrize("pieces", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_a_failure_as_it_is_with_requests(pieces: list[bytes]) -> None:
    with answering(*pieces) as (address, _):
        with pytest.raises((HTTPError, OSError)) as failed:
            ask(address)
        with pytest.raises(requests.RequestException):
            requests.get(f"{address}/e", timeout=10)
    assert not isinstance(failed.value, NotConnected)


@pytest.mark.parametrize("pieces", [(b"",), (OK,), (OK + b"Content-Length: 9\r\n\r\n", b"hi")])
def test_who_hangs_is_waited_for_until_the_deadline(pieces: tuple[bytes, ...]) -> None:
    with answering(*pieces, hangs=True) as (address, _), pytest.raises(TimeoutError, match=r"longer than 0\.2 s"):
        ask(address, total=0.2)


def test_who_drips_is_cut_off_at_the_deadline() -> None:
    drops = [OK + b"Content-Length: 99\r\n\r\n", *[b"x"] * 10]
    with answering(*drops) as (address, _), pytest.raises(TimeoutError, match=r"longer than 0\.2 s"):
        ask(address, total=0.2)


def test_of_a_long_answer_the_beginning_is_read() -> None:
    with answering(OK + b"\r\n" + b"x" * 1_000_000) as (address, _):
        assert 65_536 < len(ask(address)[2]) < 200_000


def test_nobody_there_is_no_connection() -> None:
    with answering() as (address, _):
        pass
    with pytest.raises(NotConnected):
        ask(address)
    with pytest.raises(NotConnected):
        ask("http://vendor.invalid")


class Vendor(BaseHTTPRequestHandler):
    """Answers with the target it was asked for."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self) -> None:
        """Count the connection."""
        type(self).connections += 1
        super().setup()

    def do_POST(self) -> None:
        """Answer."""
        body = self.path.encode() + self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def vendor() -> Iterator[HTTPServer]:
    Vendor.connections = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("target", ["/", "/e?a=%20b&c=d"])
def test_requests_share_a_connection(vendor: HTTPServer, target: str) -> None:
    adapter = Adapter(1)
    for number in range(3):
        request = Request("POST", f"http://127.0.0.1:{vendor.server_port}{target}", {}, json=number)
        assert adapter.exchange(request, 3, 10)[::2] == (200, f"{target}{number}".encode())
    assert Vendor.connections == 1


def test_a_connection_the_vendor_closed_is_made_anew() -> None:
    adapter, answer, port = Adapter(1), OK + b"Content-Length: 0\r\n\r\n", free_port()
    for _ in range(2):
        with answering(answer, port=port) as (address, heard):
            assert adapter.exchange(Request("GET", f"{address}/e", {}), 3, 10)[0] == 200
        head = f"GET /e HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: SignalFleet/0.1\r\nAccept: */*\r\n"
        assert heard == [f"{head}Accept-Encoding: gzip\r\n\r\n".encode()]


def test_a_request_is_encoded_with_its_own_headers_instead_of_everybodys() -> None:
    request = Request("POST", "http://h/ä b?c", {"accept": "text/x", "Content-Type": "a/b"}, json=[1])
    head = "POST /%C3%A4%20b?c HTTP/1.1\r\nHost: h:80\r\nUser-Agent: SignalFleet/0.1\r\nAccept-Encoding: gzip\r\n"
    assert (
        encoded(request, "h:80").decode()
        == f"{head}accept: text/x\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\n[1]"
    )


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\rb"])
def test_a_header_of_several_lines_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="several lines"):
        encoded(Request("GET", "http://h/", {"X": value}), "h")


def self_signed(folder: Path) -> Path:
    """A certificate that nobody vouches for, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    day, now = datetime.timedelta(days=1), datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - day, now + day)
    certificate = builder.add_extension(names, critical=True).sign(key, hashes.SHA256())
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    file = folder / "vendor.pem"
    file.write_bytes(secret + certificate.public_bytes(encoding))
    return file


@pytest.fixture
def certificate(vendor: HTTPServer, tmp_path: Path) -> Path:
    """That of a vendor called localhost, which nobody vouches for."""
    file, context = self_signed(tmp_path), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    vendor.socket = context.wrap_socket(vendor.socket, server_side=True)
    return file


@pytest.mark.usefixtures("certificate")
def test_a_certificate_nobody_vouches_for_is_refused_every_time(vendor: HTTPServer) -> None:
    adapter = Adapter(1)
    for _ in range(2):
        with pytest.raises(NotConnected, match=r"self.signed"):
            adapter.exchange(Request("GET", f"https://localhost:{vendor.server_port}/", {}), 3, 5)


def test_a_certificate_somebody_vouches_for_is_taken_under_its_name(
    vendor: HTTPServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    adapter = Adapter(1)
    for _ in range(2):
        request = Request("POST", f"https://localhost:{vendor.server_port}/x", {}, json=1)
        assert adapter.exchange(request, 3, 5)[::2] == (200, b"/x1")
    assert Vendor.connections == 1
    with pytest.raises(NotConnected, match="mismatch"):
        adapter.exchange(Request("GET", f"https://127.0.0.1:{vendor.server_port}/x", {}), 3, 5)
