"""What a failure on the way to a vendor means."""

from __future__ import annotations

from socket import gaierror

import pytest
from requests.exceptions import ConnectionError as CannotConnect
from requests.exceptions import ConnectTimeout, ReadTimeout
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ProtocolError

from destinations.form.parts import Verdict
from destinations.form.request import Request
from workers.sending import failure

CONNECTION = HTTPConnection("vendor.example")
UNRESOLVED = NameResolutionError("vendor.example", CONNECTION, gaierror("none"))
POOL = HTTPConnectionPool("vendor.example")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ConnectTimeout("slow"), "could not connect"),
        (CannotConnect(MaxRetryError(POOL, "/", NewConnectionError(CONNECTION, "refused"))), "could not connect"),
        (CannotConnect(MaxRetryError(POOL, "/", UNRESOLVED)), "could not connect"),
        (ReadTimeout("slow"), "in doubt"),
        (CannotConnect(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))), "in doubt"),
    ],
    ids=["connect timeout", "refused", "no such name", "read timeout", "reset"],
)
def test_a_failure_before_anything_was_sent_leaves_no_doubt(error: Exception, told: str) -> None:
    exchange = failure(Request("GET", "http://vendor.example/", {}), error)
    assert exchange.reading.verdict is Verdict.TRANSIENT
    assert told in exchange.reading.reason
    assert exchange.doubt is ("doubt" in told)
