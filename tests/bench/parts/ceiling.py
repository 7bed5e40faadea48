"""The sink's own ceiling, found with raw sockets: what it could answer if clients cost nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench.form import Form
from tests.bench.samples import Sample
from tests.bench.sink.answers import ANSWERS
from tests.bench.stage import Stage

CONNECTIONS = 32
NAME = "kissmetrics"
ANSWER = len(ANSWERS[NAME.encode()])
REQUEST = (
    f"GET /{NAME}/e?_k=0123456789&_n=Purchased&_p=user-1&_t=1780000000&_d=1&Revenue=89.99&Currency=USD HTTP/1.1\r\n"
    "Host: 127.0.0.1\r\nUser-Agent: SignalFleet/0.1\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n"
).encode()


def play(stage: Stage, form: Form, _turn: int) -> Iterator[tuple[str, Sample]]:
    """Requests a second and CPU µs a request, one under way on each of some connections."""
    stage.sink.ask("clear")
    number = form.loops * 10 // CONNECTIONS * CONNECTIONS
    with ExitStack() as stack:
        address = ("127.0.0.1", stage.sink.port)
        lines = [stack.enter_context(socket.create_connection(address, 10)) for _ in range(CONNECTIONS)]
        meter, used = stage.meter(), time.process_time()
        for _ in range(number // CONNECTIONS):
            for line in lines:
                line.sendall(REQUEST)
            for line in lines:
                if len(line.recv(65_536)) != ANSWER:
                    raise RuntimeError("the sink answered something else")
        used = time.process_time() - used
        yield "sink", {**meter.read(number), "client_us": used / number * 1e6}
