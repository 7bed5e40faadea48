"""The gateway, asked over HTTP."""

from __future__ import annotations

from typing import Any

import requests


class Door(requests.Session):
    """A session whose paths begin at the gateway: ``door.get("/healthz")``."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.trust_env = False

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """Ask; gives up after ten seconds."""
        return super().request(method, f"{self.url}{url!s}", *args, **{"timeout": 10, **options})


def error(answer: requests.Response, status: int) -> dict[str, Any]:
    """What an answer that must be an error says: ``code``, ``message`` and ``details``."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"code", "message", "details"}
    return dict(body["error"])
