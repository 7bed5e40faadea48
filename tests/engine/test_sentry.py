"""What Sentry hears of a fleet: books that do not balance, integrations that stay held; once, however many workers."""

from __future__ import annotations

import pytest

import workers
from tests.engine.conftest import StartWorker
from tests.engine.dsn import Sentry
from tests.engine.events import tracks
from tests.engine.fleet import CONFIGS, Fleet
from tests.engine.waiting import wait_until
from workers import holds, keys

pytestmark = pytest.mark.engine


def look_again(fleet: Fleet, turn: str) -> None:
    """Let what is done once in a while be done again now, and once more, so that the first time is over."""
    for _ in range(2):
        fleet.redis.delete(turn)
        wait_until(lambda: fleet.redis.exists(turn), last=fleet.status)


def test_a_fleet_says_once_who_is_held_and_that_its_books_do_not_balance(
    fleet: Fleet, sentry: Sentry, start_worker: StartWorker
) -> None:
    kustomer, klaviyo, statsig = fleet.install("kustomer", "klaviyo", "statsig")
    words = {"error": "unknown key " + CONFIGS["kustomer"]["api_key"] + " for jane@example.com"}
    fleet.vendors.fault("kustomer", status=401, body=words)
    fleet.vendors.fault("klaviyo", status=429, retry_after=60)
    holds.halt(statsig, "operator", "we wanted it", "")
    env = {"FLEET_SENTRY_DSN": sentry.dsn, "FLEET_ALARM_SECONDS": "2", "FLEET_ENVIRONMENT": "staging"}
    for name in ("one", "two"):
        start_worker(name=name, FLEET_RELEASE="fleet@7", **env)
    workers.enqueue(tracks(40))
    fleet.wait_held(kustomer, "setup")
    fleet.wait_held(klaviyo, "throttled")
    wait_until(lambda: sentry.said(f"{kustomer} is held: setup"), 10, lambda: sentry.reports)
    wait_until(
        lambda: fleet.redis.delete(keys.ALARM_TURN) and sentry.said(f"{klaviyo} is held: throttled"),
        10,
        lambda: sentry.reports,
    )
    fleet.redis.hincrby(keys.ledger(statsig), "accepted", 3)
    fleet.redis.delete(keys.AUDIT_TURN)
    wait_until(lambda: sentry.said("books do not balance"), 10, lambda: sentry.reports)
    for turn in (keys.ALARM_TURN, keys.AUDIT_TURN):
        look_again(fleet, turn)

    assert len(sentry.reports) == 3, sentry.reports
    setup, throttled = sentry.said(f"{kustomer} is held")[0], sentry.said(f"{klaviyo} is held")[0]
    [books] = sentry.said("books do not balance")
    assert (setup["level"], throttled["level"], books["level"]) == ("warning", "warning", "error")
    assert setup["tags"] == {"part": "worker", "integration": kustomer, "hold": "setup"}
    assert setup["extra"]["status"] == 401
    assert "API key" in setup["extra"]["hint"]
    assert throttled["extra"]["seconds"] >= 2
    assert {(report["environment"], report["release"]) for report in sentry.reports} == {("staging", "fleet@7")}
    told = b"".join(sentry.raw)
    assert not [word for word in (CONFIGS["kustomer"]["api_key"].encode(), b"jane@") if word in told]
