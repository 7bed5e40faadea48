"""The gateway: one process of it, on one core, takes events as Segment's libraries send them; nobody works on them."""

from __future__ import annotations

import os
import socket
from base64 import b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice

import orjson

from schemas.vocabulary import camel
from tests.bench.events import Event, events
from tests.bench.form import Form
from tests.bench.meter import Meter
from tests.bench.samples import Sample
from tests.bench.stage import Stage
from workers import write_keys
from workers.local.parts import Gateway

SIZES = (100, 1)
CONNECTIONS = 8
PIPELINE = "statsig"


def play(stage: Stage, form: Form, _turn: int) -> Iterator[tuple[str, Sample]]:
    """Events a second, and CPU µs an event of gateway and Redis, by batch size."""
    with on_one_core(), Gateway(stage.folder, stage.redis.url) as gateway:
        pass_on = Calls(gateway)
        for size in SIZES:
            stage.clear()
            stage.install({PIPELINE: stage.spec(PIPELINE)})
            pass_on.key = write_keys.create(PIPELINE)[1]
            number = form.kept if size > 1 else form.kept // 10
            yield f"batches of {size}", measure(stage, pass_on, number, size)


@contextmanager
def on_one_core() -> Iterator[None]:
    """What is started meanwhile has one core, the last there is."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


class Calls:
    """Hands in batches over some connections that stay open."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.key = ""

    def made(self, incoming: Sequence[Event]) -> bytes:
        """The request that hands in a batch."""
        body = orjson.dumps({"batch": [spoken(event) for event in incoming], "sentAt": incoming[0]["timestamp"]})
        auth = b64encode(f"{self.key}:".encode()).decode()
        head = (
            f"POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {auth}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def send(self, requests: Sequence[bytes]) -> None:
        """Send them all, one after another on each connection; fails unless each is answered with 200."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            for sent in [pool.submit(self._send, requests[turn::CONNECTIONS]) for turn in range(CONNECTIONS)]:
                sent.result()

    def _send(self, requests: Sequence[bytes]) -> None:
        with socket.create_connection(("127.0.0.1", self.gateway.port), 30) as line:
            for request in requests:
                line.sendall(request)
                answer = line.recv(65_536)
                while not answer.endswith(b"}"):
                    answer += line.recv(65_536)
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise RuntimeError(f"the gateway did not keep a batch: {answer[-500:]!r}")


def measure(stage: Stage, calls: Calls, number: int, size: int) -> Sample:
    """Hand in so many events, so many at a time; requests are made before."""
    made = iter(list(events(number + CONNECTIONS * size)))
    requests = []
    while batch := list(islice(made, size)):
        requests.append(calls.made(batch))
    calls.send(requests[:CONNECTIONS])
    meter = Meter({"gateway": [calls.gateway.pid], "redis": [stage.redis.pid]})
    calls.send(requests[CONNECTIONS:])
    sample = meter.read(number)
    return {**sample, "core_per_s": 1e6 / sample["gateway_us"]}


def spoken(event: Event) -> Event:
    """An event as Segment's libraries send it."""
    context = {camel(key): value for key, value in event["context"].items()}
    known = {camel(key): value for key, value in event.items() if key not in ("traits", "context")}
    return {**known, "context": {**context, "traits": event["traits"]}, "integrations": {}}
