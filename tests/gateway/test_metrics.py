"""What Prometheus is told: the ledgers' own numbers, from any gateway."""

from __future__ import annotations

import pytest

import workers
from tests.engine.conftest import THREADS
from tests.engine.events import track, tracks
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from tests.gateway import deployed
from tests.gateway.door import Door, error
from tests.gateway.scrape import Scrape, scrape
from workers import holds, keys
from workers.local.parts import Gateway, Worker
from workers.local.server import LocalRedis

pytestmark = pytest.mark.engine

TOKEN = "a-token-of-prometheus"


def settled(door: Door, name: str, delivered: int) -> Scrape:
    """A scrape that knows what became of so many events; timings follow at the end of a shift."""

    def look() -> Scrape | None:
        found = scrape(door)
        return found if found.value("fleet_timed_events_total", integration=name) == delivered else None

    found = wait_until(look, last=lambda: door.get("/metrics").text)
    assert found is not None
    return found


@THREADS
def test_a_scrape_is_the_ledgers_truth_and_all_that_we_deploy_or_write_about(
    fleet: Fleet, worker: Worker, door: Door
) -> None:
    statsig, kustomer, klaviyo = fleet.install("statsig", "kustomer", "klaviyo", limits={"requests_per_second": 50})
    holds.halt(klaviyo, "operator", "we wanted it", "")
    fleet.vendors.fault("kustomer", status=400, times=1)
    workers.enqueue([*tracks(60), track("Never Heard Of", user="u1")])
    fleet.wait_row(statsig, delivered=60)
    fleet.wait_row(kustomer, delivered=59, dead=1)
    status = fleet.wait_row(klaviyo, waiting=60)
    found = settled(door, kustomer, 59)

    assert found.value("fleet_received_events_total", pipeline="default") == 61
    assert found.value("fleet_accepted_events_total", integration=statsig) == 60
    assert found.value("fleet_delivered_events_total", integration=statsig) == 60
    assert found.value("fleet_filtered_events_total", integration=statsig, reason="unmapped") == 1
    assert found.value("fleet_dead_letters", integration=kustomer, kind="refused") == 1
    assert found.value("fleet_waiting_events", integration=klaviyo) == status["waiting"]
    assert found.value("fleet_held", integration=klaviyo) == 1
    assert found.value("fleet_held", integration=statsig) == 0
    assert found.value("fleet_held_seconds", integration=klaviyo, kind="operator") > 0
    assert found.value("fleet_oldest_waiting_seconds", integration=klaviyo) > 0
    assert found.value("fleet_oldest_waiting_seconds", integration=statsig) == 0
    assert found.value("fleet_ledger_imbalance_events", integration=statsig) == 0
    assert found.value("fleet_heartbeat_age_seconds") < 10

    requests = found.value("fleet_request_seconds_count", integration=kustomer)
    buckets = found.values("fleet_request_seconds_bucket", integration=kustomer)
    assert requests == 60
    assert sorted(buckets) == buckets, "they are cumulative"
    assert buckets[-1] == requests
    spent = {phase: found.value("fleet_spent_seconds_total", integration=kustomer, phase=phase) for phase in PHASES}
    assert spent["http"] == found.value("fleet_request_seconds_sum", integration=kustomer) > 0
    assert spent["rate"] > spent["retry"] == 0, "60 requests at 50 a second wait for the limit"
    assert found.value("fleet_limit_requests_per_second", integration=kustomer, account=kustomer, window="1") == 50
    assert 0 <= found.value("fleet_limit_use_ratio", integration=kustomer, account=kustomer, window="1") <= 1

    deployed.check_rules(found)
    deployed.check_dashboard(found)
    deployed.check_documentation(found)


PHASES = ("queue", "rate", "retry", "http")


def test_a_limit_in_use_shows(fleet: Fleet, door: Door) -> None:
    [name] = fleet.install("kustomer", limits={"requests_per_second": 100})
    where = {"integration": name, "account": name, "window": "1"}
    burst_us = 30_000
    assert scrape(door).value("fleet_limit_use_ratio", **where) == 0
    seconds, micros = fleet.redis.time()
    fleet.redis.set(keys.limit(name, 1), (seconds + 60) * 1_000_000 + micros + burst_us)
    assert scrape(door).value("fleet_limit_use_ratio", **where) == 1


def test_a_token_can_be_required(here: LocalRedis, tmp_path_factory: pytest.TempPathFactory) -> None:
    env = {"FLEET_METRICS_TOKEN": TOKEN}
    with Gateway(tmp_path_factory.mktemp("locked"), here.url, env=env) as gateway, Door(gateway.url) as door:
        for given in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Basic Og=="},
            {"Authorization": "Bearer é"},
        ):
            answer = door.get("/metrics", headers={name: text.encode() for name, text in given.items()})
            assert error(answer, 401)["code"] == "unauthorized"
        assert "fleet_redis_memory_ratio" in door.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
