from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.conftest import fleet, here, sandbox, sentry, server, worker
from tests.engine.fleet import Fleet
from tests.gateway.door import Door
from tests.gateway.shop import Shop
from workers.local.parts import Gateway
from workers.local.server import LocalRedis

__all__ = ["fleet", "here", "sandbox", "sentry", "server", "worker"]

ADMIN_TOKEN = "an-admin-token-of-the-tests"


@pytest.fixture(scope="module")
def gateway(here: LocalRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway process of the fleet under test."""
    env = {"FLEET_ADMIN_TOKEN": ADMIN_TOKEN}
    with Gateway(tmp_path_factory.mktemp("gateway"), here.url, env=env) as started:
        yield started


@pytest.fixture
def door(gateway: Gateway) -> Iterator[Door]:
    """The gateway, asked over HTTP."""
    with Door(gateway.url) as opened:
        yield opened


@pytest.fixture
def shop(fleet: Fleet, door: Door) -> Shop:
    """A pipeline called store with one integration, and its write key."""
    return Shop(fleet, door)
