"""``deliveries/stream``: deliveries as they happen, as server-sent events.

A stream takes a thread of its process for as long as it is open, so there are few at once, and each ends after a while:
whoever listens opens the next one by itself, and says with ``Last-Event-ID`` where to go on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import orjson
from flask import Response, request
from marshmallow import Schema, fields

from gateway.admin.dead_letters import ID
from gateway.admin.deliveries import whose
from gateway.admin.section import Section
from gateway.admin.settings import settings
from gateway.problems import Problem, invalid
from gateway.settings import settings as gateway_settings
from gateway.stopping import stopping
from workers.process import per_process
from workers.registry import registry
from workers.tail import Sample, Tail

section = Section("live deliveries", "Deliveries as they happen.")

RETRY_MS = 2_000
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class StreamArgs(Schema):
    """Whose."""

    integration = fields.Str(load_default=None, metadata={"description": "Only this integration's."})


@per_process
def places() -> threading.BoundedSemaphore:
    """The streams that this process may still open; half of its threads are for others whatever the settings say."""
    return threading.BoundedSemaphore(most())


def most() -> int:
    """How many streams a process serves at once."""
    return min(settings().streams, gateway_settings().threads // 2)


@section.get("/deliveries/stream")
@section.arguments(StreamArgs, location="query")
@section.response(200, {"type": "string"}, content_type="text/event-stream", description="Server-sent events.")
@section.alt_response(404, "NOT_FOUND")
def stream_deliveries(args: dict[str, Any]) -> Response:
    """Follow deliveries as they happen: events called `delivery`, their data as an item of `deliveries`.

    A stream ends after ten minutes; go on with the header `Last-Event-ID`. There are only a few at once: 503.
    """
    whose(args["integration"])
    last = request.headers.get("Last-Event-ID", "")
    if last and not ID.fullmatch(last):
        raise invalid([f"Last-Event-ID: {last!r} is no id of ours"])
    if not places().acquire(blocking=False):
        message = f"{most()} streams are open here; close one, or try again later"
        raise Problem(503, "too_many_streams", message, headers={"Retry-After": "10"})
    tail = Tail(registry(), args["integration"])
    return Response(Stream(tail, last.rpartition("/")[2]), mimetype="text/event-stream", headers=HEADERS)


class Stream:
    """The body of a stream. The server closes it when it has ended or nobody listens any more: its place is free."""

    def __init__(self, tail: Tail, last: str) -> None:
        self._tail = tail
        self._until = time.monotonic() + settings().stream_seconds
        self._open = True
        tail.begin(last)

    def __iter__(self) -> Iterator[bytes]:
        yield b"retry: %d\n\n" % RETRY_MS
        for samples in self._tail.batches():
            yield b"".join(map(message, samples)) or b":\n\n"  # a comment: it shows whether somebody still listens
            if not self._open or stopping() or time.monotonic() > self._until:
                return

    def close(self) -> None:
        """Let another stream have the place."""
        if self._open:
            self._open = False
            places().release()


def message(sample: Sample) -> bytes:
    """A delivery as a server-sent event."""
    return b"id: %s\nevent: delivery\ndata: %s\n\n" % (sample["id"].encode(), orjson.dumps(sample))
