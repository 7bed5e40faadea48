"""What a failure on the way to a vendor means."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import pytest

from destinations.form.integration import install
from destinations.form.parts import Verdict
from destinations.form.request import Request
from tests.engine.fleet import CONFIGS
from tests.unit.workers.answering import answering
from workers.local.processes import free_port
from workers.sending import send

Vendor = AbstractContextManager[tuple[str, Any]]


def nobody(host: str) -> Vendor:
    return nullcontext((f"http://{host}:{free_port()}", None))


@pytest.mark.parametrize(
    ("vendor", "told"),
    [
        (partial(nobody, "127.0.0.1"), "could not connect: NewConnectionError"),
        (partial(nobody, "vendor.invalid"), "could not connect: NameResolutionError"),
        (partial(answering, hangs=True), "in doubt: TimeoutError: the answer took longer than 0.3 s"),
        (answering, "in doubt: ProtocolError"),
    ],
    ids=["refused", "no such name", "hangs", "cut"],
)
def test_a_failure_before_anything_was_sent_leaves_no_doubt(vendor: Any, told: str) -> None:
    spec = {"destination": "kustomer", "variant": "default", "config": CONFIGS["kustomer"]}
    spec["timeout"] = {"connect": 0.3, "total": 0.3}
    with vendor() as (address, _):
        exchange = send(install("kustomer", spec), Request("GET", f"{address}/", {}), ())
    assert exchange.reading.verdict is Verdict.TRANSIENT
    assert told in exchange.reading.reason
    assert exchange.doubt is ("doubt" in told)
