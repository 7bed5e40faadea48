"""The sandbox's switches and windows."""

from __future__ import annotations

from typing import Any

import requests

from workers.local.parts import Sandbox

REF = r"[Rr]ef\":\"(r\d+)\""


class Vendors:
    """A running sandbox, asked and switched over HTTP."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._session = requests.Session()

    def url(self, vendor: str) -> str:
        """An integration's ``base_url`` for this vendor."""
        return self._sandbox.url(vendor)

    def clear(self) -> None:
        """As after the start: nothing kept, no fault, no limit, every credential."""
        for switch in ("_accepted", "_faults", "_limits", "_credentials"):
            self._call("DELETE", switch)

    def refs(self, vendor: str) -> list[str]:
        """The refs of the events this vendor kept, in order of arrival."""
        return list(self._call("GET", f"{vendor}/_accepted", params={"ids": REF})["items"])

    def kept(self, vendor: str) -> list[Any]:
        """The events this vendor kept, in order of arrival: ``at`` and ``item``."""
        return list(self._call("GET", f"{vendor}/_accepted")["items"])

    def items(self, vendor: str) -> list[Any]:
        """The same without their circumstances."""
        return [kept["item"] for kept in self.kept(vendor)]

    def summary(self, vendor: str) -> Any:
        """Counts of everything."""
        return self._call("GET", f"{vendor}/_accepted", params={"summary": 1})

    def fault(self, vendor: str, **fault: Any) -> None:
        """Let calls fail from now on; without anything said, no longer."""
        self._call("POST" if fault else "DELETE", f"{vendor}/_faults", json=fault)

    def accept_only(self, vendor: str, *credentials: str, status: int = 401) -> None:
        """Refuse every other credential."""
        self._call("POST", f"{vendor}/_credentials", json={"accepted": credentials, "status": status})

    def limit(self, vendor: str, requests: int, seconds: float) -> None:
        """Answer 429 over so many requests a window."""
        self._call("POST", f"{vendor}/_limits", json={"requests": requests, "seconds": seconds})

    def _call(self, method: str, path: str, **options: Any) -> Any:
        vendor, _, rest = path.rpartition("/")
        url = f"{self._sandbox.url(vendor).rstrip('/')}/{rest}"
        answer = self._session.request(method, url, timeout=10, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()
