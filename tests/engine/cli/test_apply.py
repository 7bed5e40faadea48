from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet as Key

import workers
from tests.engine.cli.conftest import Run, route_all
from tests.engine.events import tracks
from tests.engine.fleet import Fleet
from workers import keys
from workers.apply import carry_out, work_out
from workers.configuration import check
from workers.registry import read_installed
from workers.settings import settings

pytestmark = pytest.mark.engine

Write = Callable[[], str]


@pytest.fixture(autouse=True)
def document(fleet: Fleet) -> None:
    integrations = {name: fleet.spec(name) for name in ("klaviyo", "statsig")}
    fleet.document = {"pipelines": {"default": {"integrations": list(integrations)}}, "integrations": integrations}


def stored(fleet: Fleet) -> object:
    return fleet.redis.hgetall(keys.INTEGRATIONS), fleet.redis.hgetall(keys.PIPELINES), fleet.redis.get(keys.REVISION)


def test_again_it_changes_nothing(run: Run, fleet: Fleet, write: Write) -> None:
    first = run("apply", write())
    assert first.stdout.splitlines() == [
        "added    integration klaviyo",
        "added    integration statsig",
        "added    pipeline default",
    ]
    before = stored(fleet)
    again = run("apply", write())
    assert {line.split()[0] for line in again.stdout.splitlines()} == {"left"}
    assert (again.exit_code, stored(fleet)) == (0, before)


def test_one_fault_and_nothing_is_done_and_all_are_named(run: Run, fleet: Fleet, write: Write) -> None:
    run("apply", write())
    before = stored(fleet)
    fleet.document["integrations"]["kustomer"] = fleet.spec("kustomer")
    del fleet.document["integrations"]["klaviyo"]["config"]["private_api_key"]
    fleet.document["integrations"]["statsig"]["limit"] = 1
    fleet.document["pipelines"]["default"]["integrations"].append("kustmer")
    result = run("apply", write())
    assert (result.exit_code, result.stdout) == (1, "")
    assert "integrations.klaviyo.config.private_api_key: " in result.stderr
    assert "integrations.statsig.limit: " in result.stderr
    assert "did you mean kustomer?" in result.stderr
    assert stored(fleet) == before


def test_a_dry_run_only_says_what_would_change(run: Run, fleet: Fleet, write: Write) -> None:
    before = stored(fleet)
    result = run("apply", "--dry-run", write())
    assert "added    integration klaviyo" in result.stdout
    assert (result.exit_code, stored(fleet)) == (0, before)


def test_consent_is_recommended_once_where_the_vendors_page_does(run: Run, fleet: Fleet, write: Write) -> None:
    recommendation = "recommended: integrations.klaviyo.consent: [marketing]"
    result = run("apply", write())
    assert recommendation in result.stderr
    assert "integrations.statsig.consent" not in result.stderr
    assert recommendation not in run("apply", write()).stderr
    fleet.document["integrations"]["klaviyo"]["consent"] = ["marketing"]
    assert recommendation not in run("apply", write()).stderr


def test_pruning_keeps_what_waits_until_it_is_applied_again(run: Run, fleet: Fleet, write: Write) -> None:
    run("apply", write())
    workers.enqueue(tracks(7))
    whole = dict(fleet.document["integrations"])
    route_all(fleet)
    assert fleet.row("klaviyo")["waiting"] == 7
    del fleet.document["integrations"]["klaviyo"]
    fleet.document["pipelines"]["default"]["integrations"].remove("klaviyo")
    assert "removed" not in run("apply", write()).stdout
    result = run("apply", "--prune", write())
    assert "removed  integration klaviyo" in result.stdout
    assert "klaviyo: 7 events wait" in result.stderr
    row = fleet.row("klaviyo")
    assert (row["waiting"], row["balance"], row["held"]["until"]) == (7, 0, None)
    fleet.document["integrations"] = whole
    result = run("apply", write())
    assert "changed  integration klaviyo" in result.stdout
    assert (fleet.row("klaviyo")["waiting"], fleet.row("klaviyo")["held"]) == (7, None)


def test_a_pipeline_cannot_name_what_pruning_takes_away(run: Run, fleet: Fleet, write: Write) -> None:
    run("apply", write())
    del fleet.document["integrations"]["klaviyo"]
    assert run("apply", write()).exit_code == 0
    result = run("apply", "--prune", write())
    assert result.exit_code == 1
    assert "There is no integration klaviyo" in result.stderr


def test_two_at_once_both_come_to_stand(run: Run, fleet: Fleet, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    overtaking = [{"integrations": {"kustomer": fleet.spec("kustomer")}}]

    def overtaken(*arguments: object, **options: object) -> object:
        change = work_out(*arguments, **options)  # type: ignore[arg-type]
        if overtaking:
            carry_out(work_out(check(overtaking.pop())))
        return change

    monkeypatch.setattr("workers.cli.apply.work_out", overtaken)
    assert run("apply", write()).exit_code == 0
    assert sorted(read_installed().documents) == ["klaviyo", "kustomer", "statsig"]


def test_a_wrong_key_is_told_and_a_lost_one_can_be_replaced(
    run: Run, fleet: Fleet, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("apply", write())
    monkeypatch.setenv("FLEET_SECRET_KEY", Key.generate_key().decode())
    settings.cache_clear()
    try:
        before = stored(fleet)
        refused = run("apply", write())
        assert refused.exit_code == 1
        assert "cannot be read with FLEET_SECRET_KEY" in refused.stderr
        assert "fleet apply FILE --new-key" in refused.stderr
        assert stored(fleet) == before
        assert "changed  integration klaviyo" in run("apply", "--new-key", write()).stdout
        assert "left     integration klaviyo" in run("apply", write()).stdout
    finally:
        monkeypatch.undo()
        settings.cache_clear()
