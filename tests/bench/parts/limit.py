"""The limit: the same requests, prebuilt, in a bare loop of ``requests.Session``; bare stream commands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any
from urllib.parse import parse_qs

import orjson
import requests

from destinations.form.integration import install
from destinations.form.request import Request
from schemas.event import load_event
from tests.bench.events import events
from tests.bench.form import Form
from tests.bench.samples import Sample
from tests.bench.stage import Stage

SIZES = (1, 100, 500)
STREAM = "bench"
VARIETY = 50


def play(stage: Stage, form: Form, _turn: int) -> Iterator[tuple[str, Sample]]:
    """Requests a second and CPU µs a request, by vendor; events a second and CPU µs an event, by batch size."""
    stage.clear()
    for vendor in form.vendors:
        yield f"session/{vendor}", requests_loop(stage, vendor, form.loops)
    for size in SIZES:
        stage.rivals.flushdb()
        yield f"streams/{size}", streams_loop(stage, size, form.loops * (1 if size == 1 else 10))


def requests_loop(stage: Stage, vendor: str, number: int) -> Sample:
    """Send requests of this vendor one after another, a batch each where it takes batches."""
    session = requests.Session()
    sends = [_send(session, request) for request in prebuilt(stage, vendor)]
    meter, used = stage.meter(), time.process_time()
    for turn in range(number):
        sends[turn % VARIETY]().raise_for_status()
    used = time.process_time() - used
    return {**meter.read(number), "client_us": used / number * 1e6}


def prebuilt(stage: Stage, vendor: str) -> list[Request]:
    """Some requests as the fleet sends them; of full batches where there are batches."""
    integration = install(vendor, stage.spec(vendor))
    size = min(integration.batch.events, 500)
    records = iter([integration.transform(load_event(event)).records[0] for event in events(size * VARIETY)])
    return [integration.request(list(islice(records, size)), f"key-{number}") for number in range(VARIETY)]


def _send(session: requests.Session, request: Request) -> Callable[[], requests.Response]:
    """The call that people write for such a request: a GET has its parameters passed as such."""
    headers, url = dict(request.headers), request.url
    if request.method == "GET":
        bare, _, query = url.partition("?")
        pairs = {key: value[0] for key, value in parse_qs(query).items()}
        return partial(session.get, bare, params=pairs, headers=headers, timeout=(3, 10))
    return partial(session.post, url, data=request.body(), headers=headers, timeout=(3, 10))


def streams_loop(stage: Stage, size: int, number: int) -> Sample:
    """Add events to a stream, read and delete them, so many at a time, in pipelines of nothing else."""
    client: Any = stage.rivals
    bodies = [orjson.dumps(event) for event in events(size)]
    meter, used = stage.meter(), time.process_time()
    for _ in range(max(1, number // size)):
        with client.pipeline(transaction=False) as pipe:
            for body in bodies:
                pipe.xadd(STREAM, {"event": body})
            pipe.execute()
        found = client.xrange(STREAM, count=size)
        client.xdel(STREAM, *(identifier for identifier, _ in found))
    used = time.process_time() - used
    return {**meter.read(number), "client_us": used / number * 1e6}
