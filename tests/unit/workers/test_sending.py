from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from destinations.form.integration import Integration, install
from destinations.form.parts import Verdict
from destinations.form.request import Request
from workers import process
from workers.local.processes import free_port
from workers.sending import ANSWER_BYTES, prepare, send


def integration(port: int) -> Integration:
    spec = {
        "destination": "statsig",
        "config": {"server_secret_key": "secret-1"},
        "base_url": f"http://127.0.0.1:{port}",
        "timeout": {"connect": 0.3, "total": 0.6},
    }
    return install("statsig", spec)


@contextmanager
def vendor(*said: bytes, pause: float = 0.0, close: bool = True) -> Iterator[int]:
    """A server that takes one connection, says these pieces after so long a pause each, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            line, _ = listener.accept()
            with line:
                line.recv(65_536)
                for piece in said:
                    line.settimeout(pause or None)
                    if pause:
                        with suppress(TimeoutError):
                            line.recv(1)
                    try:
                        line.sendall(piece)
                    except OSError:
                        return

        thread = Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


@pytest.fixture(autouse=True)
def fresh() -> None:
    """No connections of an earlier test."""
    process.forget()


def sent(port: int) -> Request:
    return Request("POST", f"http://127.0.0.1:{port}/v1/log_event?key=secret-1", {}, json={"a": 1})


HEAD = b"HTTP/1.1 202 OK\r\nContent-Type: application/json\r\n"
YES = HEAD + b'Content-Length: 16\r\n\r\n{"success":true}'


def test_an_answer_is_read() -> None:
    with vendor(YES) as port:
        exchange = send(integration(port), sent(port))
    assert exchange.reading.verdict is Verdict.DELIVERED
    assert exchange.answer is not None
    assert (exchange.answer.status, exchange.answer.body) == (202, b'{"success":true}')
    assert exchange.answer.headers["content-type"] == "application/json"


def test_a_vendor_that_is_not_there_could_not_be_connected_to() -> None:
    port = free_port()
    exchange = send(integration(port), sent(port))
    assert exchange.reading.verdict is Verdict.TRANSIENT
    assert exchange.reading.reason.startswith("could not connect: ")
    assert "secret-1" not in exchange.reading.reason
    assert exchange.answer is None


@pytest.mark.parametrize(
    ("said", "pause"),
    [
        ((), 0.0),
        ((b"",), 1.0),
        ((HEAD, b"Content-Length: 16\r\n\r\n{"), 0.0),
        ((b"not HTTP at all\r\n\r\n",), 0.0),
        ((HEAD + b"Content-Length: 16\r\n\r\n", *[b"x"] * 16), 0.1),
        ((HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx",), 0.0),
    ],
    ids=["closed", "silent", "cut short", "no HTTP", "dripping past the deadline", "no gzip"],
)
def test_an_answer_that_does_not_come_whole_and_in_time_is_in_doubt(said: tuple[bytes, ...], pause: float) -> None:
    with vendor(*said, pause=pause) as port:
        exchange = send(integration(port), sent(port))
    assert exchange.reading.verdict is Verdict.TRANSIENT
    assert exchange.reading.reason.startswith("in doubt, no answer: "), exchange.reading
    assert exchange.ms < 1_200


def test_of_an_endless_answer_only_the_beginning_is_read() -> None:
    with vendor(HEAD + b"Content-Length: 9999999\r\n\r\n", *[b"x" * 65_536] * 8) as port:
        exchange = send(integration(port), sent(port))
    assert exchange.answer is not None
    assert ANSWER_BYTES < len(exchange.answer.body) <= 2 * ANSWER_BYTES


def test_a_redirect_is_not_followed() -> None:
    with vendor(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") as port:
        exchange = send(integration(port), sent(port))
    assert (exchange.reading.verdict, exchange.answer and exchange.answer.status) == (Verdict.SETUP, 302)


def test_a_compressed_body_says_so_and_how_long_it_is() -> None:
    request = Request("POST", "http://x/y?q=%20", {"A": "b"}, json={"a": "x" * 500}, compress=True)
    prepared = prepare(request)
    assert prepared.headers["Content-Encoding"] == "gzip"
    assert prepared.body is not None
    assert prepared.headers["Content-Length"] == str(len(prepared.body))
    assert (prepared.url, prepared.headers["A"]) == ("http://x/y?q=%20", "b")
    bare = prepare(Request("GET", "http://x/", {}))
    assert "Content-Length" not in bare.headers
