"""An ordinary Celery app: queues chosen with ``-Q``, inspected as any other, and messages that carry no event."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
from typing import Any

import orjson
import pytest

import workers
from tests.engine.conftest import StartWorker
from tests.engine.events import refs, tracks
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until

pytestmark = pytest.mark.engine


def inspect(what: str, name: str) -> Any:
    """What ``celery inspect`` says of a worker."""
    node = f"{name}@{socket.gethostname()}"
    celery = [sys.executable, "-m", "celery", "-A", "workers.app"]
    command = [*celery, "inspect", what, "--json", "--timeout", "10", "--destination", node]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, env=os.environ)
    return orjson.loads(answer.stdout)[node]


def test_a_worker_takes_the_queues_it_was_told_to_and_messages_carry_no_event(
    fleet: Fleet, start_worker: StartWorker
) -> None:
    klaviyo, statsig = fleet.install("klaviyo", "statsig")
    events = tracks(40)
    start_worker("-Q", f"route,{klaviyo}", name="some")
    workers.enqueue(events)
    fleet.wait_row(klaviyo, delivered=40)
    wait_until(lambda: fleet.redis.llen(statsig), last=fleet.status)
    assert fleet.row(statsig)["waiting"] == 40
    assert sorted(fleet.vendors.refs("klaviyo")) == sorted(refs(events))
    tickets = fleet.redis.lrange(statsig, 0, -1)
    for ticket in map(orjson.loads, tickets):
        arguments, named, _ = orjson.loads(base64.b64decode(ticket["body"]))
        assert (arguments, named) == ([statsig], {})
        assert ticket["headers"]["task"] == "deliver"
        assert ticket["headers"]["shadow"] == f"deliver.{statsig}"
    assert not any(part in ticket for ticket in tickets for part in (b"u1", b"Order", *map(str.encode, refs(events))))

    assert {queue["name"] for queue in inspect("active_queues", "some")} == {"route", klaviyo}
    assert set(inspect("registered", "some")) == {"deliver", "replays", "route"}
    assert inspect("active", "some") == []

    start_worker("-Q", statsig, name="other")
    fleet.wait_row(statsig, delivered=40)
    assert sorted(fleet.vendors.refs("statsig")) == sorted(refs(events))
