"""A Redis, or a broker, that takes connections and answers nothing: callers hear of it in time to ask elsewhere."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.gateway.conftest import ADMIN_TOKEN
from tests.gateway.door import Door
from tests.gateway.shop import Shop
from workers.local.parts import Gateway
from workers.local.server import LocalRedis

pytestmark = pytest.mark.engine

TRACK = {"userId": "u1", "event": "Order Completed", "messageId": "m1"}
BEARER = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/readyz", {}),
    ("GET", "/v1/admin/status", {"headers": BEARER}),
    ("PUT", "/v1/admin/pipelines/store", {"headers": BEARER, "json": {"integrations": ["statsig"]}}),
    ("GET", "/metrics", {}),
]
SOON = 5.0
"""Seconds; it waits for two, and this machine may be busy."""


@contextmanager
def frozen(server: LocalRedis) -> Iterator[None]:
    """Let a Redis do nothing meanwhile."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_a_redis_that_is_silent_is_told_in_a_few_seconds(shop: Shop, server: LocalRedis) -> None:
    tracks = [("POST", "/v1/track", {"auth": (key, ""), "json": TRACK}) for key in (shop.key, "unknown")]
    calls = [*CALLS, *tracks]

    def call(method: str, path: str, options: dict[str, Any]) -> requests.Response:
        return requests.request(method, shop.door.url + path, timeout=SOON, **options)

    assert shop.post("/v1/track", TRACK).status_code == 200
    with ThreadPoolExecutor() as pool, frozen(server):
        answers = list(pool.map(lambda each: call(*each), calls))
    assert [(answer.status_code, answer.headers.get("Retry-After")) for answer in answers] == [(503, "5")] * len(calls)
    assert [call(*each).status_code for each in calls] == [200, 200, 200, 200, 200, 401]
    assert {event["message_id"] for event in shop.kept()} == {"m1"}


def test_a_broker_that_is_silent_does_not_keep_an_event_waiting(shop: Shop, here: LocalRedis, tmp_path: Path) -> None:
    with LocalRedis(tmp_path / "broker") as broker:
        env = {"FLEET_BROKER_URL": broker.url}
        with Gateway(tmp_path, here.url, env=env) as gateway, Door(gateway.url) as door, frozen(broker):
            assert door.post("/v1/track", json=TRACK, auth=(shop.key, ""), timeout=SOON).status_code == 200
        assert "ticket not published" in gateway.output()
    assert len(shop.kept()) == 1
