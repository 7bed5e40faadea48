"""The documentation page, in a real browser that can reach nothing but the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.vocabulary import TYPES
from tests.gateway.admin.conftest import Admin, admin
from tests.gateway.browsing import printed
from tests.gateway.door import Door
from tests.gateway.shop import Shop
from workers.local.parts import Gateway

__all__ = ["admin"]

pytestmark = pytest.mark.engine


def test_the_page_shows_every_part_without_the_internet(gateway: Gateway, tmp_path: Path) -> None:
    page = printed(tmp_path, f"{gateway.url}/docs")
    for shown in ("/v1/admin/integration-catalog/{destination}/install", "/v1/batch", "Install an integration"):
        assert shown.replace("/", "/<wbr>") in page or shown in page, page[-2_000:]


def test_every_body_has_an_example_that_is_taken(shop: Shop, admin: Admin) -> None:
    name, bodies = "klaviyo", dict(examples(shop.door))
    assert all(bodies.values())
    for kind in (*TYPES, "batch", "import"):
        assert shop.post(f"/v1/{kind}", bodies.pop(("post", f"/v1/{kind}"))).status_code == 200
    done: dict[str, Any] = {}
    for (method, path), body in bodies.items():
        key = done.get("/pipelines/store/write-keys")
        asked = path.removeprefix("/v1/admin").format(destination=name, name=name, pipeline="store", key_id=key)
        if not asked.endswith("/test"):  # it would go to the vendor; it is that of explain
            answer = admin.request(method, asked, json=body)
            assert answer.status_code in (200, 201), (asked, answer.text)
            done[asked] = answer.json().get("id")
    assert len(done) == 9


def examples(door: Door) -> Iterator[tuple[tuple[str, str], Any]]:
    """The example of every body in the document."""
    for path, operations in door.get("/openapi.json").json()["paths"].items():
        for method, operation in operations.items():
            if "requestBody" in operation:
                told = operation["requestBody"]["content"]["application/json"]
                yield (method, path), told.get("example", told["schema"].get("example"))


def test_only_what_the_page_needs_is_served(door: Door) -> None:
    assert door.get("/docs/swagger-ui.css").headers["Content-Type"].startswith("text/css")
    for path in ("/docs/swagger-ui.js", "/docs/../app.py", "/docs/%2e%2e%2fapp.py"):
        assert door.get(path).status_code == 404
