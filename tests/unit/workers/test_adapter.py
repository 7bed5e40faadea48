"""The adapter requests leave through: the check of certificates is not among what it leaves out."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from requests.exceptions import SSLError

from destinations.form.request import Request
from workers.adapter import Adapter
from workers.sending import prepare


class Vendor(BaseHTTPRequestHandler):
    """Answers with the target it was asked for."""

    def do_GET(self) -> None:
        """Answer."""
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "a=b")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def vendor() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Vendor)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


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


@pytest.mark.parametrize("target", ["/", "/e?a=%20b&c=d"])
def test_a_request_arrives_as_it_was_prepared(vendor: HTTPServer, target: str) -> None:
    request = prepare(Request("GET", f"http://127.0.0.1:{vendor.server_port}{target}", {}))
    adapter = Adapter(1)
    for _ in range(2):
        response = adapter.send(request, timeout=5)
        assert (response.status_code, response.content.decode()) == (200, target)
        assert response.headers["set-cookie"] == "a=b"
        assert not response.cookies


def test_a_certificate_nobody_vouches_for_is_refused_every_time(vendor: HTTPServer, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    vendor.socket = context.wrap_socket(vendor.socket, server_side=True)
    adapter = Adapter(1)
    for _ in range(2):
        with pytest.raises(SSLError, match=r"self.signed"):
            adapter.send(prepare(Request("GET", f"https://localhost:{vendor.server_port}/", {})), timeout=5)
