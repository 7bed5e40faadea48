from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.conftest import ADMIN_TOKEN
from tests.gateway.door import Door, error
from workers.local.parts import Gateway


class Admin(Door):
    """The admin API, asked with its token: ``admin.ok(admin.get("/integrations"))``."""

    def __init__(self, url: str, token: str = ADMIN_TOKEN) -> None:
        super().__init__(f"{url}/v1/admin")
        self.headers["Authorization"] = f"Bearer {token}"

    def see(self, path: str, **params: Any) -> Any:
        """What an answer that must be a success shows."""
        answer = self.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def act(self, path: str, body: Any = None, status: int = 200, method: str = "POST") -> Any:
        """Do something that must succeed with this status."""
        answer = self.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def refused(self, path: str, body: Any, status: int, method: str = "POST") -> dict[str, Any]:
        """Do something that must be refused with this status; the error."""
        return error(self.request(method, path, json=body), status)

    def pages(self, path: str, **params: Any) -> list[Any]:
        """All items of all pages."""
        items, cursor = [], None
        while True:
            page = self.see(path, **params, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items


@pytest.fixture
def admin(gateway: Gateway) -> Iterator[Admin]:
    """The admin API of the fleet under test."""
    with Admin(gateway.url) as opened:
        yield opened
