"""Looking and acting through the admin API: holds, trials, dead letters, replays, the books, deliveries."""

from __future__ import annotations

import itertools

import pytest

import workers
from tests.engine.burials import bury, dead_refs
from tests.engine.conftest import THREADS
from tests.engine.events import GRANTED, refs, track, tracks
from tests.engine.fleet import CONFIGS, Fleet
from tests.engine.waiting import wait_until
from tests.gateway.admin.conftest import Admin
from workers.local.parts import Worker

pytestmark = pytest.mark.engine


def test_a_hold_and_its_end(admin: Admin, fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo")
    assert admin.act(f"/integrations/{name}/hold", {"seconds": 60, "reason": "moving house"})["until"]
    row = admin.see("/status")["integrations"][name]
    assert row["held"]["reason"] == "operator: moving house"
    assert (row["hint"], row["limits"], row["dead"]) == (f"fleet release {name}", [], 0)
    assert admin.act(f"/integrations/{name}/hold", {}) == {"until": None}
    assert [admin.act(f"/integrations/{name}/release")["was_held"] for _ in range(2)] == [True, False]
    for seconds in (0, -1, 1e300, "soon"):
        admin.refused(f"/integrations/{name}/hold", {"seconds": seconds}, 422)
    admin.refused("/integrations/nobody/hold", {}, 404)


def test_one_event_is_explained_and_sent_past_the_ledger(admin: Admin, fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo", consent=["marketing"])
    event = track(context=GRANTED)
    explained = admin.act(f"/integrations/{name}/explain", {"event": event})
    assert explained["request"]["headers"]["Authorization"] == "Klaviyo-API-Key ***"
    assert fleet.vendors.items("klaviyo") == []
    sent = admin.act(f"/integrations/{name}/test", {"event": event})
    assert (sent["delivered"], sent["exchanges"][0]["answer"]["status"]) == (True, 202)
    assert sent["exchanges"][0]["request"]["headers"]["Authorization"] == "Klaviyo-API-Key ***"
    assert fleet.vendors.refs("klaviyo") == refs([event])
    assert admin.act(f"/integrations/{name}/test", {})["delivered"] is True
    dropped = admin.act(f"/integrations/{name}/test", {"event": track()})
    assert (dropped["outcome"], dropped["delivered"], dropped["exchanges"]) == ("drop", False, [])
    assert dropped["reason"].startswith("consent")
    fleet.vendors.accept_only("klaviyo", "another")
    failed = admin.act(f"/integrations/{name}/test", {"event": event})
    assert (failed["delivered"], failed["exchanges"][0]["verdict"]) == (False, "setup")
    assert failed["exchanges"][0]["hint"]
    told = admin.refused(f"/integrations/{name}/explain", {"event": {"type": "nonsense"}}, 422)
    assert sorted(fault.partition(":")[0] for fault in told["details"]) == ["event.type", "event.user_id"]
    assert fleet.row(name)["accepted"] == 0


def test_pipelines_and_their_write_keys(admin: Admin, fleet: Fleet) -> None:
    one, other = fleet.install("klaviyo", "statsig")
    made = admin.act("/pipelines/store", {"integrations": [one], "rate": 10}, method="PUT")
    assert made == {"name": "store", "integrations": [one], "rate": 10.0, "origins": []}
    assert admin.act("/pipelines/store", {"integrations": [one, other]}, method="PUT")["rate"] is None
    assert [row["name"] for row in admin.pages("/pipelines", limit=1)] == ["default", "store"]
    wrong = {"integrations": [f"{one}x", other, other], "rate": 0, "colour": "red"}
    told = admin.refused("/pipelines/shop", wrong, 422, "PUT")["details"]
    assert [fault.partition(": ")[0] for fault in told] == ["colour", "integrations", "integrations", "rate"]
    assert "more than once" in told[1]
    assert "did you mean" in told[2]
    assert "name" in admin.refused("/pipelines/Shop", {"integrations": [one]}, 422, "PUT")["message"]
    key = admin.act("/pipelines/store/write-keys", {"name": "web shop"}, 201)
    assert key["key"].startswith("wk_")
    rotated = admin.act(f"/pipelines/store/write-keys/{key['id']}/rotate", {"keep_seconds": 60}, 201)
    listed = admin.pages("/pipelines/store/write-keys", limit=1)
    assert {row["id"] for row in listed} == {key["id"], rotated["id"]}
    assert rotated["key"] not in str(listed)
    admin.act(f"/pipelines/store/write-keys/{rotated['id']}", status=204, method="DELETE")
    admin.refused(f"/pipelines/store/write-keys/{rotated['id']}", None, 404, "DELETE")
    for path in ("/pipelines/store/write-keys", "/replays"):
        assert "begin again" in admin.refused(f"{path}?cursor={rotated['id']}", None, 422, "GET")["message"]
    admin.refused("/pipelines/nobody/write-keys", {}, 404)
    admin.refused("/pipelines/nobody/write-keys", None, 404, "GET")
    workers.enqueue(track(), pipeline="store")
    assert admin.refused("/pipelines/store", None, 409, "DELETE")["code"] == "pipeline_busy"
    admin.act("/pipelines/default", status=204, method="DELETE")
    admin.refused("/pipelines/default", None, 404, "GET")
    actions = [change["action"] for change in admin.pages("/changes", target="store", limit=2)]
    keys = ["write key revoked", "write key rotated", "write key created"]
    assert actions == [*keys, "pipeline changed", "pipeline added"]
    assert key["key"] not in str(admin.pages("/changes"))


def test_dead_letters_are_filtered_and_paged(admin: Admin, fleet: Fleet) -> None:
    one, other = fleet.install("klaviyo", "statsig")
    events = tracks(30)
    bury(fleet, one, events[:20])
    bury(fleet, other, events[20:], kind="expired", reason="too old")
    found = admin.pages("/dead-letters", limit=7)
    assert len({letter["id"] for letter in found}) == 30
    assert sorted(letter["event"]["properties"]["ref"] for letter in found) == sorted(refs(events))
    assert len(admin.pages("/dead-letters", integration=one, limit=5)) == 20
    assert len(admin.pages("/dead-letters", kind="expired", reason="OLD", limit=3)) == 10
    assert len(admin.pages("/dead-letters", person="u1", event="Order Completed", status=400)) == 3
    assert admin.pages("/dead-letters", since="2100-01-01") == []
    letter = admin.see(f"/dead-letters/{found[0]['id']}")
    assert letter == found[0]
    admin.refused("/dead-letters/klaviyo/1-1", None, 404, "GET")
    for wrong in ({"kind": "x"}, {"limit": 0}, {"cursor": "../x"}, {"since": "yesterday"}, {"colour": "red"}):
        assert admin.get("/dead-letters", params=wrong).status_code == 422
    assert admin.get("/dead-letters", params={"integration": "nobody"}).status_code == 404


@THREADS
def test_a_replay_is_tried_dry_then_carried_out_and_shown(admin: Admin, fleet: Fleet, worker: Worker) -> None:
    [name] = fleet.install("klaviyo")
    bury(fleet, name, tracks(150))
    asked = {"integration": name, "kind": "refused"}
    foreseen = admin.act("/replays", {**asked, "dry_run": True})
    assert (foreseen["letters"], foreseen["places"][name]["requests"]) == (150, 150)
    assert len(dead_refs(fleet, name)) == 150
    begun = admin.act("/replays", {**asked, "limit": 120}, 202)
    wait_until(lambda: admin.see(f"/replays/{begun['id']}")["state"] == "done")
    record = admin.see(f"/replays/{begun['id']}")
    assert (record["total"], record["moved"], record["asked"]["integration"]) == (120, 120, name)
    fleet.wait_row(name, delivered=120, dead=30)
    assert admin.pages("/replays", limit=1) == [record]
    assert admin.refused(f"/replays/{begun['id']}/cancel", None, 409)["code"] == "ended"
    admin.refused("/replays/nonsense/cancel", None, 404)
    assert admin.refused("/replays", {}, 422)["details"] == ["all: Say which letters, or all: true."]
    admin.refused("/replays", {"integration": "nobody"}, 404)


@THREADS
def test_an_event_its_delivery_and_the_books(admin: Admin, fleet: Fleet, worker: Worker) -> None:
    [name] = fleet.install("klaviyo")
    workers.enqueue([*tracks(2), track(message_id="orders/17")])
    fleet.wait_row(name, delivered=3)
    found = admin.see("/events/orders/17")
    assert [step["what"] for step in found["integrations"][name]][-1] == "delivered"
    admin.refused("/events/never/seen", None, 404, "GET")
    deliveries = admin.pages("/deliveries", integration=name, limit=2)
    assert [sample["answer"]["status"] for sample in deliveries] == [202] * 3
    assert len({sample["id"] for sample in deliveries}) == 3
    books = admin.see("/ledger")
    assert books == fleet.status()
    assert books["integrations"][name]["balance"] == 0


@THREADS
def test_no_answer_reveals_a_secret(admin: Admin, fleet: Fleet, worker: Worker) -> None:
    markers = {vendor: f"marker{number}secret" for number, vendor in enumerate(CONFIGS)}
    fields = {
        "kissmetrics": "api_key",
        "kustomer": "api_key",
        "klaviyo": "private_api_key",
        "statsig": "server_secret_key",
        "launchdarkly": "access_token",
    }
    fields_of = {"klaviyo": "pk_", "statsig": "secret-", "launchdarkly": "api-"}
    for vendor, marker in markers.items():
        config = {fields[vendor]: f"{fields_of.get(vendor, '')}{marker}"}
        fleet.add({fleet.name(vendor): fleet.spec(vendor, config=config)})
        admin.act(f"/integrations/{fleet.name(vendor)}", {"label": vendor}, method="PATCH")
        admin.act(f"/integrations/{fleet.name(vendor)}/hold", {"seconds": 0.001})
    workers.enqueue(tracks(3))
    wait_until(lambda: fleet.left() == 0, 20, fleet.status)
    key = admin.act("/pipelines/default/write-keys", {}, 201)
    seen = "\n".join(_everything(admin, fleet))
    assert not [marker for marker in (*markers.values(), key["key"]) if marker in seen]
    assert all(f'"{field}":"***"' in seen.replace(" ", "") for field in fields.values())


def _everything(admin: Admin, fleet: Fleet) -> list[str]:
    """What every GET of the OpenAPI document answers, for each thing there is."""
    document = admin.request("GET", "/../../openapi.json").json()
    names, [letter, *_] = [fleet.name(vendor) for vendor in CONFIGS], [*admin.pages("/dead-letters"), {"id": "x/1-1"}]
    things = {
        "name": [*names, "default"],
        "pipeline": ["default"],
        "destination": list(CONFIGS),
        "revision": ["1", "2"],
        "identifier": [letter["id"]],
        "message_id": ["m"],
    }
    answers = []
    for path, methods in document["paths"].items():
        if "get" not in methods or not path.startswith("/v1/admin/") or path.endswith("/stream"):
            continue
        wanted = [thing for thing in things if f"{{{thing}}}" in path]
        for values in itertools.product(*(things[thing] for thing in wanted)):
            filled = path.removeprefix("/v1/admin").format(**dict(zip(wanted, values, strict=True)))
            answers.append(admin.get(filled).text)
    assert len(answers) > 40
    return answers
