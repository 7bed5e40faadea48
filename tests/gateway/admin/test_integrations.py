"""Integrations through the admin API: from the catalog to a delivery, changed, taken back, and gone."""

from __future__ import annotations

import re
from typing import Any

import pytest

import workers
from tests.engine.conftest import THREADS
from tests.engine.events import GRANTED, track
from tests.engine.fleet import CONFIGS, Fleet
from tests.gateway.admin.conftest import Admin
from workers import changes
from workers.local.parts import Worker
from workers.registry import open_spec, read_installed

pytestmark = pytest.mark.engine

EXAMPLE = {
    "name": "Klaviyo",
    "variant": "default",
    "config": {"public_api_key": "ABC123", "private_api_key": "pk_xxxxxxxxxxxxxxxxxxxx"},
    "delivery_mode": "server_side",
}
"""As the vendor's page has it."""

CATALOG = "/integration-catalog"


def installed(admin: Admin, fleet: Fleet, vendor: str = "klaviyo", **parts: Any) -> str:
    spec = fleet.spec(vendor, **parts)
    name = fleet.name(vendor)
    return str(admin.act(f"{CATALOG}/{spec.pop('destination')}/install", {**spec, "name": name}, 201)["name"])


def test_the_catalog_says_what_each_destination_wants(admin: Admin, fleet: Fleet) -> None:
    assert [entry["name"] for entry in admin.pages(CATALOG, limit=2)] == sorted(CONFIGS)
    klaviyo = admin.see(f"{CATALOG}/klaviyo")
    fields = {field["name"]: field for field in klaviyo["fields"]}
    assert (fields["private_api_key"]["required"], fields["private_api_key"]["secret"]) == (True, True)
    assert fields["public_api_key"]["label"] == "Public API Key"
    events = {row["event"]: row["sent_as"] for row in klaviyo["variants"]["default"]["events"]}
    assert events == {"page": "page_view", "Product Viewed": "product_viewed", "Order Completed": "purchase"}
    assert [limit["requests"] for limit in klaviyo["limits"]] == [350, 3500]
    assert "there are" in admin.refused(f"{CATALOG}/mixpanel", None, 404, "GET")["message"]


def test_the_example_of_the_vendors_page_installs(admin: Admin, fleet: Fleet) -> None:
    made = admin.act(f"{CATALOG}/klaviyo/install", EXAMPLE, 201)
    assert (made["name"], made["label"], made["pipelines"], made["revision"]) == ("klaviyo", "Klaviyo", ["default"], 1)
    assert made["config"] == {"public_api_key": "ABC123", "private_api_key": "***"}
    assert made["recommended"] == ["marketing"]
    assert open_spec(read_installed().documents["klaviyo"])["config"] == EXAMPLE["config"]
    assert admin.refused(f"{CATALOG}/klaviyo/install", EXAMPLE, 409)["code"] == "conflict"
    again = admin.act(f"{CATALOG}/klaviyo/install", {**EXAMPLE, "name": "Klaviyo Größe 2!", "pipelines": ["b"]}, 201)
    assert (again["name"], again["label"]) == ("klaviyo-groe-2", "Klaviyo Größe 2!")
    assert admin.see("/status")["integrations"]["klaviyo-groe-2"]["label"] == "Klaviyo Größe 2!"


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"name": "Klaviyo", "config": {}}, ["config.private_api_key: Missing", "config.public_api_key: Missing"]),
        ({**EXAMPLE, "name": "！？"}, ["name: "]),
        ({**EXAMPLE, "name": "Route"}, ["name: is reserved"]),
        ({**EXAMPLE, "delivery_mode": "client_side", "colour": "red"}, ["colour: Unknown", "delivery_mode: Must be"]),
        ({**EXAMPLE, "variant": "retial", "base_url": "ftp://x"}, ["base_url: ", "variant: klaviyo has no"]),
        ({**EXAMPLE, "limits": {"lifted": True}}, ["limits.lifted: Only for a sandbox"]),
        ({**EXAMPLE, "pipelines": ["No Name"]}, ["pipelines.0: "]),
        ([], ["Must be an object"]),
    ],
)
def test_every_fault_of_an_installation_is_named_and_nothing_is_installed(
    admin: Admin, fleet: Fleet, body: Any, faults: list[str]
) -> None:
    told = admin.refused(f"{CATALOG}/klaviyo/install", body, 422)
    assert len(told["details"]) == len(faults), told
    assert all(line.startswith(fault) for line, fault in zip(sorted(told["details"]), faults, strict=True)), told
    assert admin.see("/integrations")["items"] == []


@THREADS
def test_what_is_installed_delivers_within_seconds_and_again_after_it_was_disabled(
    admin: Admin, fleet: Fleet, worker: Worker
) -> None:
    name = installed(admin, fleet)
    workers.enqueue(track(context=GRANTED))
    fleet.wait_row(name, delivered=1)
    assert admin.act(f"/integrations/{name}/disable")["enabled"] is False
    workers.enqueue(track())
    fleet.wait_row(name, waiting=1)
    row = admin.see("/status")["integrations"][name]
    assert (row["held"]["reason"].startswith("disabled"), "/enable" in row["hint"]) == (True, True)
    told = admin.refused(f"/integrations/{name}/hold", {}, 409)
    assert (told["code"], f"/{name}/enable" in told["message"]) == ("not_delivering", True)
    admin.act(f"/integrations/{name}/enable")
    fleet.wait_row(name, delivered=2)
    [event] = fleet.vendors.items("klaviyo")[:1]
    assert event


def test_a_change_a_diff_and_the_way_back(admin: Admin, fleet: Fleet) -> None:
    name = installed(admin, fleet, consent=["marketing"])
    secret = CONFIGS["klaviyo"]["private_api_key"]
    shown = admin.see(f"/integrations/{name}")
    changed = admin.act(
        f"/integrations/{name}",
        {
            "consent": None,
            "config": shown["config"],
            "limits": {"requests_per_second": 5},
            "base_url": None,
            "revision": 1,
        },
        422,
        "PATCH",
    )
    assert changed["error"]["details"][0].startswith("config.private_api_key: requests go to https://a.klaviyo.com")
    changed = admin.act(
        f"/integrations/{name}",
        {
            "consent": None,
            "config": {"bulk": True},
            "limits": {"requests_per_second": 5},
            "blueprint": {"events": {"page": None}},
            "revision": 1,
        },
        method="PATCH",
    )
    assert (changed["revision"], changed["consent"], changed["config"]["bulk"]) == (2, [], True)
    assert open_spec(read_installed().documents[name])["config"]["private_api_key"] == secret
    assert admin.refused(f"/integrations/{name}", {"label": "x", "revision": 1}, 409, "PATCH")["code"] == "conflict"
    told = admin.refused(f"/integrations/{name}", {"limits": 3, "revision": "1", "colour": "red"}, 422, "PATCH")
    assert [fault.partition(":")[0] for fault in told["details"]] == ["colour", "limits", "revision"]
    assert [row["revision"] for row in admin.pages(f"/integrations/{name}/revisions", limit=1)] == [2, 1]
    diff = admin.see(f"/integrations/{name}/revisions/1/diff")
    paths = [row["path"] for row in diff["differences"]]
    assert paths == ["blueprint.events", "config.bulk", "consent", "limits.lifted", "limits.requests_per_second"]
    assert admin.see(f"/integrations/{name}/revisions/2/diff", against=1)["after"] == 1
    assert admin.see(f"/integrations/{name}/revisions/1")["spec"]["config"]["private_api_key"] == "*** (revision 1)"
    assert admin.act(f"/integrations/{name}/rollback", {"revision": 1})["consent"] == ["marketing"]
    assert admin.refused(f"/integrations/{name}/rollback", {"revision": 7}, 404)["code"] == "revision_gone"


def test_what_is_deleted_leaves_its_pipelines_and_keeps_what_waits(admin: Admin, fleet: Fleet) -> None:
    one, other = installed(admin, fleet), installed(admin, fleet, "statsig")
    assert "only integration" in _after(admin, one, other)
    assert [shown["name"] for shown in admin.see("/integrations")["items"]] == [other]
    assert admin.refused(f"/integrations/{one}", None, 404, "GET")["code"] == "not_found"
    assert one in admin.see("/ledger")["integrations"]
    spec = fleet.spec("klaviyo")
    del spec["destination"]
    assert admin.act(f"{CATALOG}/klaviyo/install", {**spec, "name": one}, 201)["revision"] == 3


def _after(admin: Admin, one: str, other: str) -> str:
    admin.act(f"/integrations/{one}", status=204, method="DELETE")
    return str(admin.refused(f"/integrations/{other}", None, 409, "DELETE")["message"])


def test_it_is_the_same_operation_as_a_file(admin: Admin, fleet: Fleet) -> None:
    name = installed(admin, fleet)
    fleet.document = {
        "pipelines": {"default": {"integrations": [name]}},
        "integrations": {name: {**fleet.spec("klaviyo"), "label": name}},
    }
    assert sorted(fleet.apply().left) == [f"integration {name}", "pipeline default"]
    noted = next(iter(changes.changes(name)))
    assert (noted["by"], noted["via"], noted["action"]) == ("admin", "api", "integration added")
    assert re.fullmatch(r"127\.0\.0\.1", noted["address"])
