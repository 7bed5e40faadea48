"""The job of a plain task: one event to one vendor, well done: one session a process, our transform, a timeout."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from destinations.form.integration import Integration, install
from tests.engine.fleet import CONFIGS

SINK = "BENCH_SINK"
BROKER = "BENCH_BROKER"
CONNECTIONS = 128


@cache
def session() -> requests.Session:
    """This process's session, with as many connections as it may need."""
    made = requests.Session()
    made.mount("http://", HTTPAdapter(pool_maxsize=CONNECTIONS))
    return made


@cache
def integration(vendor: str) -> Integration:
    """The vendor as a plain task would know it."""
    variant = "retail" if vendor == "statsig" else "default"
    base_url = f"{os.environ[SINK]}/{vendor}"
    return install(vendor, {"destination": vendor, "variant": variant, "config": CONFIGS[vendor], "base_url": base_url})


def send(vendor: str, event: dict[str, Any]) -> None:
    """Send one event; raises what a task would be retried for."""
    known = integration(vendor)
    request = known.request(known.transform(event).records, event["message_id"])
    answer = session().request(
        request.method, request.url, headers=dict(request.headers), data=request.body(), timeout=(3, 10)
    )
    answer.raise_for_status()
