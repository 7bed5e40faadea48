"""The commands that act: enqueue, hold, release, test, keys rotate, purge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.fernet import Fernet as Key

import workers
from destinations.form.catalog import catalog
from destinations.form.integration import secret_fields
from tests.engine.cli.conftest import Run, objects, route_all
from tests.engine.conftest import SECRET_KEY
from tests.engine.events import GRANTED, track, tracks
from tests.engine.fleet import CONFIGS, VENDORS, Fleet
from workers import clearance, keys, scripts
from workers.lanes import lease, release
from workers.local.server import LocalRedis
from workers.registry import read_installed, registry
from workers.settings import settings

pytestmark = pytest.mark.engine

LINE = '{"type": "page", "user_id": "u1"}\n'


def test_enqueue_keeps_every_line(run: Run, fleet: Fleet, tmp_path: Path) -> None:
    fleet.install("klaviyo")
    path = tmp_path / "events.jsonl"
    path.write_text(LINE * 1_201 + "\n")
    result = run("enqueue", str(path))
    assert (result.exit_code, result.stdout, result.stderr) == (0, "1,201 events kept in pipeline default\n", "")
    assert run("enqueue", "-", input=LINE).stdout == "1 event kept in pipeline default\n"
    assert fleet.status()["inbox_waiting"] == 1_202


def test_enqueue_keeps_nothing_when_one_line_is_bad(run: Run, fleet: Fleet) -> None:
    fleet.install("klaviyo")
    assert run("enqueue", "-", input=LINE * 600 + "{bad\n").exit_code == 2
    assert fleet.status()["received"] == 0


def test_enqueue_says_where_to_go_on_when_it_is_cut_short(
    run: Run, fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.install("klaviyo")
    path = tmp_path / "events.jsonl"
    path.write_text(LINE * 1_201)

    def fill_up(_: Any) -> None:
        fleet.redis.hset(keys.FLEET, "memory", 85)

    monkeypatch.setattr("workers.tickets.publish", fill_up)
    result = run("enqueue", str(path))
    assert result.exit_code == 1
    assert "Redis is 85 % full" in result.stderr
    assert "at least 500 events were kept" in result.stderr
    rest = result.stderr.rpartition("fleet ")[2].split()
    monkeypatch.setattr("workers.tickets.publish", lambda _: None)
    fleet.redis.hset(keys.FLEET, "memory", 0)
    assert run(*rest).stdout == "701 events kept in pipeline default\n"
    assert fleet.status()["received"] == 1_201


def test_enqueue_names_an_unknown_pipeline(run: Run, fleet: Fleet) -> None:
    fleet.install("klaviyo")
    result = run("enqueue", "--pipeline", "store", "-", input=LINE)
    assert result.exit_code == 1
    assert "there is no pipeline 'store'" in result.stderr


def test_a_hold_and_its_end(run: Run, fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo")
    now = fleet.now_ms()
    assert run("hold", name, "--for", "10m", "--reason", "moving house").exit_code == 0
    held = fleet.row(name)["held"]
    assert held["reason"] == "operator: moving house"
    until = int(fleet.redis.hget(keys.hold(name), "until"))
    assert now + 600_000 <= until <= fleet.now_ms() + 600_000
    assert "until released" in run("hold", name).stdout
    assert fleet.row(name)["held"]["until"] is None
    assert run("release", name).stdout == f"{name} is released\n"
    assert fleet.row(name)["held"] is None
    assert "was not held" in run("release", name).stdout


def test_no_hand_touches_the_hold_of_a_disabled_integration(run: Run, fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo", enabled=False)
    for command in ("hold", "release"):
        result = run(command, name)
        assert result.exit_code == 1
        assert "set enabled: true" in result.stderr
    assert fleet.row(name)["held"]["reason"].startswith("disabled")


def test_an_unknown_integration_and_the_nearest(run: Run, fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo")
    for command in (["hold"], ["release"], ["test"], ["blueprint"], ["purge"], ["tail", "-i"]):
        result = run(*command, f"{name}x")
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"there is no integration '{name}x'; nearest: '{name}'" in result.stderr


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_test_event_goes_to_the_vendor_and_past_the_ledger(run: Run, fleet: Fleet, vendor: str) -> None:
    [name] = fleet.install(vendor)
    result = run("test", name, "--json")
    assert result.exit_code == 0, result.stderr
    [sample] = objects(result.stdout)
    assert (sample["integration"], sample["verdict"]) == (name, "delivered")
    assert len(fleet.vendors.items(vendor)) == 1
    secrets = secret_fields(catalog()[vendor])
    assert secrets
    assert all(CONFIGS[vendor][field] not in result.output for field in secrets)
    assert ("accepted, not confirmed" in result.stderr) == (vendor in ("kissmetrics", "launchdarkly"))
    assert fleet.row(name)["accepted"] == 0


def test_a_refused_test_event_ends_with_1_and_the_hint(run: Run, fleet: Fleet) -> None:
    [name] = fleet.install("statsig")
    fleet.vendors.accept_only("statsig", "secret-another")
    result = run("test", name)
    assert result.exit_code == 1
    assert "  setup  1 event  " in result.stdout
    assert "→ 401" in result.stdout
    assert "not delivered, setup: " in result.stderr
    assert registry().get(name).destination.hints[401] in result.stderr  # type: ignore[union-attr]
    assert fleet.row(name)["held"] is None


def test_an_event_of_ones_own_is_tested_or_told_why_not(run: Run, fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo", consent=["marketing"])
    event = track(traits={"email": "ada@example.com"}, message_id="m-mine")
    result = run("test", name, "--event", json.dumps(event))
    assert result.exit_code == 1
    assert f"{name} would not send this event: consent" in result.stderr
    assert run("test", name, "--event", json.dumps({**event, "context": GRANTED})).exit_code == 0
    assert fleet.vendors.refs("klaviyo") == [event["properties"]["ref"]]


def test_a_test_event_keeps_to_the_limits(run: Run, fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    [name] = fleet.install("klaviyo", limits={"requests_per_minute": 1})
    registry().refresh()
    integration = registry().get(name)
    assert integration is not None
    assert clearance.ask(integration).at_ms
    monkeypatch.setattr("workers.trial.PATIENCE", 0.0)
    result = run("test", name)
    assert result.exit_code == 1
    assert "limit is used up: the next request may go in" in result.stderr
    assert fleet.vendors.items("klaviyo") == []


def stored(fleet: Fleet) -> dict[str, str]:
    """Every encrypted secret, by integration."""
    documents = {name.decode(): orjson.loads(text) for name, text in fleet.redis.hgetall(keys.INTEGRATIONS).items()}
    return {
        name: value["encrypted"]
        for name, document in documents.items()
        for value in document["spec"]["config"].values()
        if isinstance(value, dict)
    }


@pytest.fixture
def new_key(here: LocalRedis, monkeypatch: pytest.MonkeyPatch) -> Any:
    new = Key.generate_key().decode()

    def use(value: str) -> None:
        monkeypatch.setenv("FLEET_SECRET_KEY", value.format(new=new, old=SECRET_KEY))
        settings.cache_clear()

    yield use
    monkeypatch.undo()
    settings.cache_clear()


def test_rotating_encrypts_under_the_new_key_and_changes_nothing_else(run: Run, fleet: Fleet, new_key: Any) -> None:
    names = fleet.install("klaviyo", "statsig")
    before, revisions = stored(fleet), [read_installed().documents[name]["revision"] for name in names]
    new_key("{new},{old}")
    result = run("keys", "rotate")
    assert result.stdout == "2 secrets of 2 integrations are encrypted under the first key\n"
    assert set(before.values()).isdisjoint(stored(fleet).values())
    new_key("{new}")
    assert not fleet.apply()
    assert [read_installed().documents[name]["revision"] for name in names] == revisions


def test_rotating_without_the_old_key_changes_nothing(run: Run, fleet: Fleet, new_key: Any) -> None:
    names = fleet.install("klaviyo", "statsig")
    before = stored(fleet)
    new_key("{new}")
    result = run("keys", "rotate")
    assert result.exit_code == 1
    assert all(name in result.stderr for name in names)
    assert stored(fleet) == before


def test_rotating_and_an_apply_at_the_same_time_lose_nothing(
    run: Run, fleet: Fleet, new_key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.install("klaviyo")
    new_key("{new},{old}")
    real, others = scripts.call, [lambda: fleet.install("statsig")]

    def overtaken(redis: Any, name: str, *arguments: Any) -> Any:
        if name == "rotate" and others:
            others.pop()()
        return real(redis, name, *arguments)

    monkeypatch.setattr("workers.scripts.call", overtaken)
    assert run("keys", "rotate").stdout == "2 secrets of 2 integrations are encrypted under the first key\n"
    assert len(stored(fleet)) == 2
    new_key("{new}")
    assert not fleet.apply()


def test_purging_empties_a_disabled_integration_and_counts_it(run: Run, fleet: Fleet) -> None:
    klaviyo, statsig = fleet.install("klaviyo", "statsig", enabled=False)
    workers.enqueue(tracks(40, 25))
    route_all(fleet)
    asked = run("purge", klaviyo)
    assert asked.exit_code == 1
    assert f"40 events that wait in {klaviyo} would be dropped; add --yes" in asked.stderr
    assert fleet.row(klaviyo)["waiting"] == 40
    result = run("purge", klaviyo, "--yes")
    assert result.stdout == f"40 events of {klaviyo} were purged\n"
    row = fleet.row(klaviyo)
    assert (row["accepted"], row["waiting"], row["in_flight"], row["balance"]) == (40, 0, 0, 0)
    assert fleet.redis.hget(keys.ledger(klaviyo), "purged") == b"40"
    assert fleet.lanes(klaviyo) == {}
    assert (fleet.row(statsig)["waiting"], fleet.row(statsig)["balance"]) == (40, 0)


def test_purging_is_refused_while_it_is_enabled(run: Run, fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo")
    workers.enqueue(tracks(3))
    route_all(fleet)
    result = run("purge", name, "--yes")
    assert result.exit_code == 1
    assert "is enabled; set enabled: false" in result.stderr
    assert fleet.row(name)["waiting"] == 3


def test_purging_leaves_a_lane_to_the_worker_that_holds_it(
    run: Run, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    [name] = fleet.install("klaviyo")
    workers.enqueue([track()])
    route_all(fleet)
    lane = lease(name)
    assert lane is not None
    fleet.document["integrations"][name]["enabled"] = False
    fleet.apply()
    monkeypatch.setattr("workers.purge.PATIENCE", 0.3)
    result = run("purge", name, "--yes")
    assert result.exit_code == 1
    assert f"a worker still holds lane {lane.member} of {name}" in result.stderr
    assert fleet.row(name)["waiting"] == 1
    release(lane)
    assert run("purge", name, "--yes").exit_code == 0
    assert fleet.row(name)["waiting"] == 0


def test_a_removed_integration_is_retired_when_it_is_purged(run: Run, fleet: Fleet) -> None:
    klaviyo, statsig = fleet.install("klaviyo", "statsig")
    workers.enqueue(tracks(5))
    route_all(fleet)
    del fleet.document["integrations"][klaviyo]
    fleet.document["pipelines"]["default"]["integrations"].remove(klaviyo)
    fleet.apply(prune=True)
    assert "5 events that wait" in run("purge", klaviyo).stderr
    result = run("purge", klaviyo, "--yes")
    assert result.stdout == f"5 events of {klaviyo} were purged\n{klaviyo} is retired\n"
    assert list(fleet.status()["integrations"]) == [statsig]
    assert list(fleet.redis.scan_iter(f"{keys.PREFIX}:*:{klaviyo}*")) == []
    assert fleet.row(statsig)["waiting"] == 5


def test_who_changed_what_is_listed(run: Run, fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo")
    for command in (["hold", name, "--reason", "moving house"], ["release", name], ["keys", "rotate"]):
        assert run(*command).exit_code == 0
    told = objects(run("changes", "--json").stdout)
    assert [one["action"] for one in told[:3]] == ["secrets encrypted anew", "released", "held"]
    assert {one["via"] for one in told[:3]} == {"cli"}
    lines = run("changes", name, "--limit", "2")
    assert "moving house" in lines.stdout.splitlines()[1]
    assert "there are more than these 2" in lines.stderr
