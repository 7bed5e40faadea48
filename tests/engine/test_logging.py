"""What a worker logs: a line for each flight, each line JSON if wished, and no secret, whatever goes wrong."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

import workers
from tests.engine.conftest import StartWorker
from tests.engine.events import tracks
from tests.engine.fleet import CONFIGS, Fleet
from tests.engine.waiting import wait_until
from workers.local.parts import Worker

pytestmark = pytest.mark.engine


def entries(worker: Worker) -> list[dict[str, Any]]:
    """A worker's log; after Celery's banner every line must be JSON."""
    lines = worker.output().partition("\n{")
    return [orjson.loads(line) for line in (lines[1] + lines[2]).split("\n") if line]


def flights(worker: Worker, integration: str) -> list[dict[str, Any]]:
    return [entry for entry in entries(worker) if entry["event"] == "flight" and entry["integration"] == integration]


def counted(lines: list[dict[str, Any]], field: str) -> dict[str, int]:
    """What a field of several lines says, added up."""
    return {
        what: sum(line[field].get(what, 0) for line in lines) for what in {key for line in lines for key in line[field]}
    }


def test_a_worker_writes_a_line_for_each_flight_and_never_a_secret(fleet: Fleet, start_worker: StartWorker) -> None:
    klaviyo, statsig, kustomer = fleet.install("klaviyo", "statsig", "kustomer")
    fleet.vendors.fault("kustomer", status=401, body={"error": "no such key: " + CONFIGS["kustomer"]["api_key"]})
    worker = start_worker(name="json", FLEET_LOG_FORMAT="json")
    workers.enqueue(tracks(300))
    fleet.wait_row(klaviyo, delivered=300)
    fleet.wait_row(statsig, delivered=300)
    fleet.wait_held(kustomer, "setup")
    wait_until(lambda: counted(flights(worker, klaviyo), "decision") == {"delivered": 300}, last=worker.output)

    single, batched = flights(worker, klaviyo), flights(worker, statsig)
    assert counted(single, "status") == {"200": 300} or counted(single, "status") == {"202": 300}
    assert counted(batched, "decision") == {"delivered": 300}
    assert sum(line["requests"] for line in single) == 300
    assert len(single) <= 100
    assert {line["lane"] for line in batched} <= {str(lane) for lane in range(16)}
    assert all(line["ms"] > 0 and line["timestamp"] and line["level"] == "info" for line in single + batched)
    [refused] = [line for line in flights(worker, kustomer) if "held" in line["decision"]][:1]
    assert refused["status"] == {"401": 1}

    assert any(" ready." in entry["event"] for entry in entries(worker)), "Celery's lines are JSON, too"
    secrets = [value for config in CONFIGS.values() for key, value in config.items() if key.endswith("key")]
    assert not [secret for secret in secrets if secret in worker.output()]
