"""One thing changed at a time: the same as applying a file, secrets kept back, every change written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.engine.fleet import CONFIGS, Fleet
from workers import changes, edits, keys, pauses
from workers.apply import Change, carried_out
from workers.changes import Author
from workers.configuration import InvalidFile
from workers.registry import Installed, open_spec, read_installed
from workers.revisions import RevisionGone, all_kept, differences, kept

pytestmark = pytest.mark.engine

ALICE = Author("alice", "api", "10.0.0.7")


def carry(edit: Callable[..., Change], *arguments: Any) -> Change:
    return carried_out(lambda installed: edit(installed, *arguments), ALICE)


def faults(edit: Callable[..., Change], *arguments: Any) -> list[str]:
    with pytest.raises(InvalidFile) as told:
        carry(edit, *arguments)
    return told.value.faults


def spec_of(name: str) -> dict[str, Any]:
    return open_spec(read_installed().documents[name])


def lists() -> dict[str, list[str]]:
    return {name: spec["integrations"] for name, spec in read_installed().pipelines.items()}


def test_added_changed_and_removed_it_is_as_if_a_file_had_said_so(fleet: Fleet) -> None:
    kept_one, name = fleet.name("statsig"), fleet.name("klaviyo")
    carry(edits.added, kept_one, fleet.spec("statsig"), ["default", "store"])
    carry(edits.added, name, fleet.spec("klaviyo"), ["default"])
    assert lists() == {"default": [kept_one, name], "store": [kept_one]}
    carry(edits.changed, name, {"consent": ["marketing"], "config": {"bulk": True}})
    assert spec_of(name)["config"] == {**CONFIGS["klaviyo"], "bulk": True}
    assert carry(edits.changed, name, {"config": {"private_api_key": "***"}}).left == [f"integration {name}"]
    carry(edits.changed, name, {"consent": None, "config": {"bulk": None}})
    assert spec_of(name)["config"] == CONFIGS["klaviyo"]
    fleet.document = {"pipelines": {}, "integrations": {name: fleet.spec("klaviyo")}}
    assert fleet.apply().left == [f"integration {name}"]
    carry(edits.removed, name)
    assert lists()["default"] == [kept_one]
    with pytest.raises(edits.Unknown):
        carry(edits.changed, name, {"enabled": True})
    with pytest.raises(edits.Conflict, match="default, store"):
        carry(edits.removed, kept_one)
    carry(edits.added, name, fleet.spec("klaviyo"), [])
    assert [revision.number for revision in all_kept(name)] == [5, 4, 3, 2, 1]


def test_a_change_may_say_which_revision_it_is_to(fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo")
    carry(edits.changed, name, {"label": "Klaviyo UK"}, 1)
    with pytest.raises(edits.Conflict, match="at revision 2, not 1"):
        carry(edits.changed, name, {"label": "Klaviyo US"}, 1)


@pytest.mark.parametrize(
    ("vendor", "parts"),
    [
        ("klaviyo", {"base_url": "http://evil.example"}),
        ("klaviyo", {"base_url": None, "limits": None}),
        ("kustomer", {"config": {"org_name": "evil"}, "base_url": None, "limits": None}),
        ("launchdarkly", {"config": {"events_host": "events.eu.launchdarkly.com"}, "base_url": None, "limits": None}),
    ],
)
def test_another_host_wants_every_secret_anew(fleet: Fleet, vendor: str, parts: dict[str, Any]) -> None:
    [name] = fleet.install(vendor)
    before = read_installed()
    [field] = before.documents[name]["secrets"]
    [fault] = faults(edits.changed, name, parts)
    assert fault.startswith(f"integrations.{name}.config.{field}: requests go to http")
    masked = {**parts, "config": {**parts.get("config", {}), field: "***"}}
    assert faults(edits.changed, name, masked) == [fault]
    assert read_installed() == before
    carry(edits.changed, name, {**parts, "config": {**parts.get("config", {}), field: CONFIGS[vendor][field]}})
    for given in ({}, {field: "***"}, {field: "*** (revision 1)"}):
        assert faults(edits.rolled_back, name, 1, given)[0].startswith(
            f"integrations.{name}.config.{field}: requests go"
        )


def test_a_secret_does_not_go_to_another_vendor_under_the_same_field(fleet: Fleet) -> None:
    [name] = fleet.install("kissmetrics")
    parts = {"destination": "kustomer", "config": {"org_name": "acme"}}
    assert f"integrations.{name}.config.api_key: Missing data for required field." in faults(edits.changed, name, parts)


def test_what_stands_for_a_secret_or_for_the_environment_is_none(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "marker")
    name = fleet.name("klaviyo")
    told = faults(edits.added, name, fleet.spec("klaviyo", config={"private_api_key": "***"}), ["default"])
    assert told == [f"integrations.{name}.config.private_api_key: stands for a secret; give the secret itself."]
    carry(edits.added, name, fleet.spec("klaviyo", label="${SOME_SECRET}"), ["default"])
    assert spec_of(name)["label"] == "${SOME_SECRET}"


def test_a_rollback_says_again_what_was_said_but_for_the_secrets(fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo", label="first", blueprint={"events": {"Signed Up": "signed_up"}})
    carry(edits.changed, name, {"label": "second", "blueprint": {}, "config": {"private_api_key": "pk_new"}})
    found = {one.path: (one.before, one.after) for one in differences(kept(name, 1).spec, kept(name, 2).spec)}
    assert found == {
        "blueprint.events": ({"Signed Up": "signed_up"}, None),
        "config.private_api_key": ("*** (revision 1)", "*** (revision 2)"),
        "label": ("first", "second"),
    }
    carry(edits.rolled_back, name, 1, {"private_api_key": "***"})
    spec = spec_of(name)
    assert (spec["label"], spec["config"]["private_api_key"]) == ("first", "pk_new")
    assert kept(name, 3).spec["config"]["private_api_key"] == "*** (revision 2)"
    assert kept(name, 3).by == "alice"
    with pytest.raises(RevisionGone, match="revision 9"):
        carry(edits.rolled_back, name, 9, {})


def test_every_change_is_written_down_with_who_and_without_secrets(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = fleet.name("klaviyo")
    carry(edits.added, name, fleet.spec("klaviyo"), ["default"])
    carry(edits.changed, name, {"label": "Klaviyo UK", "config": {"private_api_key": "pk_another_secret"}})
    assert carry(edits.changed, name, {"label": "Klaviyo UK"}).left
    carry(edits.routed, "store", {"integrations": [name]})
    carry(edits.unrouted, "store")
    document = read_installed().documents[name]
    pauses.hold(name, document, ALICE, 60_000, "moving house")
    assert pauses.release(name, document, ALICE) is True
    noted = list(changes.changes())
    assert [(each["action"], each["target"]) for each in reversed(noted)] == [
        ("pipeline added", "default"),
        ("integration added", name),
        ("integration changed", name),
        ("pipeline added", "store"),
        ("pipeline removed", "store"),
        ("held", name),
        ("released", name),
    ]
    assert {(each["by"], each["via"], each["address"]) for each in noted} == {("alice", "api", "10.0.0.7")}
    changed = next(each for each in noted if each["action"] == "integration changed")
    assert [each["path"] for each in changed["details"]["differences"]] == ["config.private_api_key", "label"]
    written = orjson.dumps(noted).decode() + str(fleet.redis.hgetall(keys.history(name)))
    assert not [secret for secret in ("pk_another_secret", CONFIGS["klaviyo"]["private_api_key"]) if secret in written]
    assert [each["id"] for each in changes.changes(name)] == [each["id"] for each in noted if each["target"] == name]


def test_two_edits_at_once_both_come_to_stand(fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo")
    overtaking = [{"label": "overtaken"}]

    def slowly(installed: Installed) -> Change:
        change = edits.changed(installed, name, {"consent": ["marketing"]})
        if overtaking:
            carry(edits.changed, name, overtaking.pop())
        return change

    carried_out(slowly)
    assert (spec_of(name)["label"], spec_of(name)["consent"]) == ("overtaken", ["marketing"])
