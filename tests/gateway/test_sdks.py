"""Published libraries, pointed at the gateway, deliver through to the vendors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import rudderstack.analytics.client
import segment.analytics.client

from tests.engine.conftest import THREADS
from tests.gateway.sdks import LIBRARIES, install_node_libraries
from tests.gateway.shop import Shop
from workers import keys

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("worker"), THREADS]


@pytest.fixture(scope="module", autouse=True)
def node_libraries() -> None:
    install_node_libraries()


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_published_library_delivers_to_the_vendor(shop: Shop, library: Callable[[str, str, str], None]) -> None:
    library(shop.door.url, shop.key, "r-sdk")
    shop.fleet.wait_done()
    assert shop.fleet.redis.hget(keys.pipeline_ledger("store"), "routed") == b"6"
    delivered = shop.fleet.vendors.items("statsig")
    assert [(item["eventName"], item["user"]["userID"]) for item in delivered] == [
        ("page_view", "ada"),
        ("purchase", "ada"),
    ]
    assert (delivered[1]["value"], delivered[1]["metadata"]) == (9.5, {"ref": "r-sdk"})


@pytest.mark.parametrize("library", [segment.analytics.client, rudderstack.analytics.client])
def test_a_library_with_a_wrong_key_is_told_and_gives_up_at_once(shop: Shop, library: Any) -> None:
    told: list[Any] = []
    client = library.Client("wrong", host=shop.door.url, on_error=lambda error, _: told.append(error))
    client.track("ada", "Order Completed")
    client.shutdown()
    assert [(error.status, error.code) for error in told] == [(401, "unauthorized")]
