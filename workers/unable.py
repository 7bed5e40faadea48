"""Unable: which workers cannot use which integrations, and why, said in the open for as long as it lasts.

Such a worker leaves them to the others: it has another ``FLEET_SECRET_KEY``, or a release that does not know something.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from workers import keys
from workers.connection import redis

KEPT_MS = 5_000
"""A complaint that is not repeated for so long counts no more."""


def complain(faults: Mapping[str, str]) -> None:
    """Say that this worker cannot use these integrations; the heartbeat does so every second."""
    if not faults:
        return
    seconds, micros = redis().time()
    me, now_ms = f"{socket.gethostname()}/{os.getpid()}", seconds * 1000 + micros // 1000
    with redis().pipeline(transaction=True) as pipe:
        for name, fault in faults.items():
            pipe.hset(keys.unable(name), me, orjson.dumps({"error": fault, "at": now_ms}))
            pipe.pexpire(keys.unable(name), KEPT_MS)
        pipe.execute()


def unable(names: Sequence[str]) -> list[dict[str, Any]]:
    """Who complains at the moment: integration, worker (host/process id), error."""
    with redis().pipeline(transaction=False) as pipe:
        pipe.time()
        for name in names:
            pipe.hgetall(keys.unable(name))
        (seconds, micros), *found = pipe.execute()
    said = [
        ({"integration": name, "worker": worker.decode()}, orjson.loads(text))
        for name, workers in zip(names, found, strict=True)
        for worker, text in sorted(workers.items())
    ]
    return [
        {**who, "error": what["error"]} for who, what in said if seconds * 1000 + micros // 1000 - what["at"] < KEPT_MS
    ]
