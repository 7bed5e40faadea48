"""The documentation page, in a real browser that can reach nothing but the gateway."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway.browsing import printed
from tests.gateway.door import Door
from workers.local.parts import Gateway

pytestmark = pytest.mark.engine


def test_the_page_shows_every_part_without_the_internet(gateway: Gateway, tmp_path: Path) -> None:
    page = printed(tmp_path, f"{gateway.url}/docs")
    for shown in ("/v1/admin/integration-catalog/{destination}/install", "/v1/batch", "Install an integration"):
        assert shown.replace("/", "/<wbr>") in page or shown in page, page[-2_000:]


def test_only_what_the_page_needs_is_served(door: Door) -> None:
    assert door.get("/docs/swagger-ui.css").headers["Content-Type"].startswith("text/css")
    for path in ("/docs/swagger-ui.js", "/docs/../app.py", "/docs/%2e%2e%2fapp.py"):
        assert door.get(path).status_code == 404
