from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from tests.unit.sandbox.calls import Call


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Sandbox:
    """A running sandbox, spoken to over a connection per call."""

    def __init__(self, port: int) -> None:
        self.port = port

    def request(self, verb: str, target: str, payload: Any = None, **options: Any) -> Answer:
        """One exchange; raises what the socket raises."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=options.pop("timeout", 5))
        try:
            line.request(verb, target, payload, **options)
            response = line.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            line.close()

    def send(self, call: Call, timeout: float = 5) -> Answer:
        payload = iter([call.payload]) if call.chunked else call.payload
        options = {"headers": call.headers, "encode_chunked": call.chunked, "timeout": timeout}
        return self.request(call.method, call.target, payload, **options)

    def get(self, target: str) -> Any:
        answer = self.request("GET", target)
        assert answer.status == 200, answer.body
        return answer.json

    def post(self, target: str, body: Any) -> Any:
        answer = self.request("POST", target, orjson.dumps(body))
        assert answer.status == 200, answer.body
        return answer.json

    def summary(self, vendor: str) -> Any:
        return self.get(f"/{vendor}/_accepted?summary=1")

    def items(self, vendor: str) -> list[Any]:
        return [entry["item"] for entry in self.get(f"/{vendor}/_accepted")["items"]]


def start(*options: str) -> tuple[subprocess.Popen[str], int]:
    """A sandbox process of its own and its port."""
    command = [sys.executable, "-m", "destinations.sandbox", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline().rpartition(":")[2])


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    process, port = start()
    yield Sandbox(port)
    process.terminate()
    assert process.wait(5) == 0


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """The sandbox as it is right after its start."""
    for switch in ("_accepted", "_faults", "_limits", "_credentials"):
        assert running.request("DELETE", f"/{switch}").status == 200
    running.post("/_accepted", {"keep": "all"})
    running.post("/_options", {"strict_names": False})
    return running
