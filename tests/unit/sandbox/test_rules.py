"""Each vendor takes what its documentation shows and refuses, in its own words, what breaks a rule of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from tests.unit.sandbox.calls import (
    EVENT,
    GOOD,
    KLAVIYO,
    KUSTOMER,
    LAUNCHDARKLY,
    STATSIG,
    SUCCESS,
    Call,
    Change,
    body,
    both,
    bulk,
    chunked,
    gzipped,
    header,
    method,
    path,
    whole_body,
)
from tests.unit.sandbox.conftest import Sandbox

SPACES = b" " * 10_000_000

ACCEPTED: list[tuple[Call, Change]] = [
    (KUSTOMER, body("event.name", "Page Viewed")),
    (KUSTOMER, body("identity", {})),
    (KUSTOMER, body("event.meta")),
    (KUSTOMER, body("event.meta.born", "1980-01-01")),
    (KUSTOMER, body("event.meta.bornAt", "1980-01-01")),
    (KUSTOMER, body("event.meta.orderNumber", "a string with Num inside its key")),
    (KUSTOMER, header("Content-Type", "application/json; charset=utf-8")),
    (KLAVIYO, path("/api/events")),
    (KLAVIYO, header("Content-Type", "application/vnd.api+json")),
    (KLAVIYO, header("revision", "2026-10-15")),
    (KLAVIYO, body("data.attributes.profile.data.attributes", {"phone_number": "+447700900123"})),
    (KLAVIYO, body("data.attributes.profile.data.attributes", {"external_id": "u", "anonymous_id": "a"})),
    (KLAVIYO, body("data.attributes.value")),
    (KLAVIYO, body("data.attributes.time")),
    (KLAVIYO, body("data.attributes.properties.list", [1] * 4_000)),
    (STATSIG, gzipped),
    (STATSIG, body("events.0.value", "gold")),
    (STATSIG, body("events.0.time", "2026-06-06T10:00:00Z")),
    (STATSIG, body("user", {"userID": "u"})),
    (LAUNCHDARKLY, gzipped),
    (LAUNCHDARKLY, header("X-LaunchDarkly-Payload-ID")),
    (LAUNCHDARKLY, path("/v2/event-data-import/a%2Db/production")),
    (LAUNCHDARKLY, body("0.metricValue")),
    (LAUNCHDARKLY, body("0.contextKeys.device", "d-1")),
]

META = "event.meta."
ATTRIBUTES = "data.attributes."
PERSON = ATTRIBUTES + "profile.data.attributes"


def deep(levels: int) -> Any:
    return {"down": deep(levels - 1)} if levels else 1


REFUSED: list[tuple[Call, Change, int, str]] = [
    (KUSTOMER, path("/v1/tracking/identity"), 404, "not_found"),
    (KUSTOMER, method("PUT"), 405, "method_not_allowed"),
    (KUSTOMER, header("Authorization"), 401, "unauthorized"),
    (KUSTOMER, header("Authorization", "eyJhbGciOi.J9.x"), 401, "Bearer"),
    (KUSTOMER, header("Authorization", "Bearer two words"), 401, "unauthorized"),
    (KUSTOMER, header("Content-Type", "text/plain"), 400, "Content-Type"),
    (KUSTOMER, gzipped, 400, "JSON"),
    (KUSTOMER, whole_body(b"{"), 400, "JSON"),
    (KUSTOMER, whole_body([]), 400, "object"),
    (KUSTOMER, body("event.meta.note", "x" * 100_000), 413, "payload_too_large"),
    (KUSTOMER, body("identity"), 400, "/identity"),
    (KUSTOMER, body("event"), 400, "/event"),
    (KUSTOMER, body("events", {}), 400, "/events"),
    (KUSTOMER, body("identity.email", "jane"), 400, "/identity/email"),
    (KUSTOMER, body("identity.externalId", 7), 400, "/identity/externalId"),
    (KUSTOMER, body("identity.mail", "jane@example.com"), 400, "/identity/mail"),
    (KUSTOMER, body("identity.location", {"planet": "Mars"}), 400, "/identity/location/planet"),
    (KUSTOMER, body("event.name"), 400, "/event/name"),
    (KUSTOMER, body("event.name", "7 Days"), 400, "/event/name"),
    (KUSTOMER, body("event.time", "2026-06-06T10:00:00Z"), 400, "/event/time"),
    (KUSTOMER, body(META + "revenue", 129.99), 400, "/event/meta/revenue"),
    (KUSTOMER, body(META + "revenueNum", "129.99"), 400, "/event/meta/revenueNum"),
    (KUSTOMER, body(META + "paidAt", "yesterday"), 400, "/event/meta/paidAt"),
    (KUSTOMER, body(META + "paid", "2026-06-06T10:00:00Z"), 400, "/event/meta/paid"),
    (KUSTOMER, body(META + "paidAt", 1749200400), 400, "/event/meta/paidAt"),
    (KUSTOMER, body(META + "member", True), 400, "/event/meta/member"),
    (KUSTOMER, body(META + "coupon", None), 400, "/event/meta/coupon"),
    (KUSTOMER, body(META + "items", ["a"]), 400, "/event/meta/items"),
    (KUSTOMER, body(META + "cart", {"id": "c"}), 400, "/event/meta/cart"),
    (KUSTOMER, body(META + "id", "too short a key"), 400, "/event/meta/id"),
    (KUSTOMER, body(META + "a" * 34, "too long a key"), 400, "/event/meta/aaa"),
    (KUSTOMER, body(META + "order id", "a space"), 400, "/event/meta/order id"),
    (KLAVIYO, path("/api/profiles"), 404, "not_found"),
    (KLAVIYO, method("GET"), 405, "method_not_allowed"),
    (KLAVIYO, header("Authorization"), 401, "authentication_failed"),
    (KLAVIYO, header("Authorization", "Bearer pk_1234"), 401, "Klaviyo-API-Key"),
    (KLAVIYO, header("Authorization", "Klaviyo-API-Key ABC123"), 401, "private key"),
    (KLAVIYO, header("revision"), 400, "revision"),
    (KLAVIYO, header("revision", "latest"), 400, "revision"),
    (KLAVIYO, header("revision", "2019-01-01"), 410, "retired"),
    (KLAVIYO, header("Content-Type", "text/plain"), 415, "Content-Type"),
    (KLAVIYO, gzipped, 400, "JSON"),
    (KLAVIYO, whole_body(b"nothing"), 400, "JSON"),
    (KLAVIYO, whole_body([]), 400, "/data"),
    (KLAVIYO, whole_body(SPACES[:5_000_001]), 413, "payload_too_large"),
    (KLAVIYO, body("data.type", "events"), 400, "/data/type"),
    (KLAVIYO, body(ATTRIBUTES + "message_id", "m"), 400, "/data/attributes/message_id"),
    (KLAVIYO, body(ATTRIBUTES + "properties"), 400, "/data/attributes/properties"),
    (KLAVIYO, body(ATTRIBUTES + "metric"), 400, "/data/attributes/metric/data"),
    (KLAVIYO, body(ATTRIBUTES + "metric.data.attributes.name", "n" * 128), 400, "/metric/data/attributes/name"),
    (KLAVIYO, body(ATTRIBUTES + "metric.data.type", "event"), 400, "/data/attributes/metric/data/type"),
    (KLAVIYO, body(ATTRIBUTES + "value", "89.99"), 400, "/data/attributes/value"),
    (KLAVIYO, body(ATTRIBUTES + "value_currency", "usd"), 400, "/data/attributes/value_currency"),
    (KLAVIYO, body(ATTRIBUTES + "unique_id", 7), 400, "/data/attributes/unique_id"),
    (KLAVIYO, body(ATTRIBUTES + "time", 1749200400), 400, "/data/attributes/time"),
    (KLAVIYO, body(ATTRIBUTES + "time", "soon"), 400, "/data/attributes/time"),
    (KLAVIYO, body(ATTRIBUTES + "time", "1999-12-31T23:59:59Z"), 400, "/data/attributes/time"),
    (KLAVIYO, body(ATTRIBUTES + "time", "2999-01-01T00:00:00Z"), 400, "/data/attributes/time"),
    (KLAVIYO, body(ATTRIBUTES + "properties", dict.fromkeys(map(str, range(301)))), 400, "/attributes/properties"),
    (KLAVIYO, body(ATTRIBUTES + "properties.note", "x" * 100_001), 400, "/attributes/properties/note"),
    (KLAVIYO, body(ATTRIBUTES + "properties.list", [1] * 4_001), 400, "/attributes/properties/list"),
    (KLAVIYO, body(ATTRIBUTES + "properties.deep", deep(10)), 400, "/attributes/properties/deep"),
    (KLAVIYO, body(ATTRIBUTES + "profile"), 400, "/attributes/profile/data"),
    (KLAVIYO, body(PERSON, {"anonymous_id": "a"}), 400, "/profile/data/attributes"),
    (KLAVIYO, body(PERSON, {"phone_number": "07700 900123"}), 400, "/attributes/phone_number"),
    (KLAVIYO, body(PERSON + ".email", "jane"), 400, "/profile/data/attributes/email"),
    (KLAVIYO, body(PERSON + ".external_id", "x" * 256), 400, "/profile/data/attributes/external_id"),
    (KLAVIYO, body(PERSON + ".phone", "+447700900123"), 400, "/profile/data/attributes/phone"),
    (STATSIG, path("/v1/log"), 404, "Not found"),
    (STATSIG, method("GET"), 405, "not allowed"),
    (STATSIG, header("statsig-api-key"), 401, "statsig-api-key"),
    (STATSIG, header("statsig-api-key", "Bearer secret-1"), 401, "statsig-api-key"),
    (STATSIG, header("statsig-api-key", "client-1234"), 403, "Server Secret Key"),
    (STATSIG, header("Content-Type", "text/plain"), 400, "Content-Type"),
    (STATSIG, header("Content-Encoding", "br"), 400, "br"),
    (STATSIG, header("Content-Encoding", "gzip"), 400, "gzip"),
    (STATSIG, both(gzipped, header("Content-Encoding")), 400, "JSON"),
    (STATSIG, both(whole_body(SPACES + b" "), gzipped), 413, "larger"),
    (STATSIG, whole_body([]), 400, "object"),
    (STATSIG, body("events", []), 400, "/events"),
    (STATSIG, body("events.0", "purchase"), 400, "/events/0"),
    (STATSIG, body("events.0.eventName"), 400, "/events/0/eventName"),
    (STATSIG, body("events.0.eventName", ""), 400, "/events/0/eventName"),
    (STATSIG, body("events.0.value", True), 400, "/events/0/value"),
    (STATSIG, body("events.0.time", "soon"), 400, "/events/0/time"),
    (STATSIG, body("events.0.time", 1.5), 400, "/events/0/time"),
    (STATSIG, body("events.0.metadata.tax", 7.2), 400, "/events/0/metadata"),
    (STATSIG, body("events.0.user.userID", 123), 400, "/events/0/user/userID"),
    (STATSIG, body("events.0.user.customIDs", {"stableID": 1}), 400, "/events/0/user/customIDs"),
    (STATSIG, body("events.0.user.statsigEnvironment", {"tier": "test"}), 400, "/statsigEnvironment/tier"),
    (LAUNCHDARKLY, path("/v2/event-data-import/default"), 404, "not_found"),
    (LAUNCHDARKLY, path("/v2/event-data-import/a%2Fb/c"), 404, "not_found"),
    (LAUNCHDARKLY, method("PUT"), 405, "method_not_allowed"),
    (LAUNCHDARKLY, header("Authorization"), 401, "unauthorized"),
    (LAUNCHDARKLY, header("Authorization", "Bearer api-1234"), 401, "Bearer"),
    (LAUNCHDARKLY, chunked, 411, "Content-Length"),
    (LAUNCHDARKLY, header("Content-Type", "text/plain"), 400, "Content-Type"),
    (LAUNCHDARKLY, header("X-LaunchDarkly-Event-Schema", "3"), 400, "Event-Schema"),
    (LAUNCHDARKLY, header("User-Agent", "python-requests/2"), 400, "User-Agent"),
    (LAUNCHDARKLY, header("X-LaunchDarkly-Payload-ID", "batch 1"), 400, "UUID"),
    (LAUNCHDARKLY, whole_body({}), 400, "array"),
    (LAUNCHDARKLY, whole_body([]), 400, "array"),
    (LAUNCHDARKLY, whole_body([{}] * 10_001), 400, "array"),
    (LAUNCHDARKLY, whole_body(SPACES), 413, "payload_too_large"),
    (LAUNCHDARKLY, body("0.kind", "identify"), 400, "/0/kind"),
    (LAUNCHDARKLY, body("0.key"), 400, "/0/key"),
    (LAUNCHDARKLY, body("0.creationDate", "2026-06-06T10:00:00Z"), 400, "/0/creationDate"),
    (LAUNCHDARKLY, body("0.creationDate", 1749200000000.5), 400, "/0/creationDate"),
    (LAUNCHDARKLY, body("0.metricValue", "89.99"), 400, "/0/metricValue"),
    (LAUNCHDARKLY, body("0.contextKeys"), 400, "/0/contextKeys"),
    (LAUNCHDARKLY, body("0.contextKeys", {}), 400, "/0/contextKeys"),
    (LAUNCHDARKLY, body("0.contextKeys", {"kind": "x"}), 400, "/0/contextKeys"),
    (LAUNCHDARKLY, body("0.contextKeys", {"user": 7}), 400, "/0/contextKeys"),
    (LAUNCHDARKLY, body("0.properties", {}), 400, "/0/properties"),
]
"""(good call, what spoils it, status, what the answer must name)"""


def errors_of(vendor: str, answer: Any) -> list[str]:
    """Every message of a vendor's error, its shape checked on the way."""
    if vendor == "klaviyo":
        assert {tuple(error) for error in answer["errors"]} == {
            ("id", "status", "code", "title", "detail", "source", "links", "meta")
        }
        return [f"{error['source']['pointer']} {error['code']} {error['detail']}" for error in answer["errors"]]
    if vendor == "kustomer":
        pointed = all("source" in error for error in answer["errors"])
        assert pointed or all({"code", "message", "meta"} == set(error) for error in answer["errors"])
        return [f"{e['source']['pointer']} {e['detail']}" if pointed else str(e) for e in answer["errors"]]
    wanted = {"success", "message"} if vendor == "statsig" else {"code", "message"}
    assert set(answer) == wanted
    return [str(answer)]


@pytest.mark.parametrize("call", GOOD.values(), ids=list(GOOD))
def test_the_documented_example_is_accepted_and_kept_whole(sandbox: Sandbox, call: Call) -> None:
    answer = sandbox.send(call)
    assert answer.status == SUCCESS[call.vendor], answer.body
    kept = call.query or call.body
    within = {"statsig": "events", "klaviyo": "data"}.get(call.vendor)
    events = kept[within] if within else kept
    assert sandbox.items(call.vendor) == (events if isinstance(events, list) else [events])


@pytest.mark.parametrize(("call", "change"), ACCEPTED)
def test_what_the_rules_allow_is_accepted(sandbox: Sandbox, call: Call, change: Change) -> None:
    answer = sandbox.send(change(call))
    assert answer.status == SUCCESS[call.vendor], answer.body
    assert sandbox.summary(call.vendor)["accepted"] == 1


@pytest.mark.parametrize(("call", "change", "status", "named"), REFUSED)
def test_what_breaks_a_rule_is_refused_as_the_vendor_would(
    sandbox: Sandbox, call: Call, change: Change, status: int, named: str
) -> None:
    answer = sandbox.send(change(call))
    assert answer.status == status, answer.body
    assert any(named in message for message in errors_of(call.vendor, answer.json)), answer.body
    summary = sandbox.summary(call.vendor)
    assert (summary["accepted"], summary["refused"]["status"]) == (0, {str(status): 1})
    refused = sandbox.get(f"/{call.vendor}/_refused")["items"]
    assert [entry["item"]["status"] for entry in refused] == [status]


def test_all_faults_of_a_body_are_named_at_once(sandbox: Sandbox) -> None:
    spoilt = both(body("event.meta.tax", 1), body("event.meta.ok", True), body("identity.email", ""))(KUSTOMER)
    pointers = [error["source"]["pointer"] for error in sandbox.send(spoilt).json["errors"]]
    assert pointers == ["/identity/email", "/event/meta/tax", "/event/meta/ok"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (body("event.name", "Page Viewed"), "/event/name"),
        (both(body("event.name", "Order-Completed"), body("event.meta.orderNumber", "7")), "/event/meta/orderNumber"),
    ],
)
def test_strict_names_switch_on_the_stricter_rules(sandbox: Sandbox, change: Change, named: str) -> None:
    sandbox.post("/kustomer/_options", {"strict_names": True})
    sandbox.request("DELETE", "/kustomer/_accepted")
    assert named in sandbox.send(change(KUSTOMER)).body.decode()
    assert sandbox.send(body("event.name", "Order-Completed")(KUSTOMER)).status == 201


def test_a_bad_phone_beside_another_identifier_is_a_partial_failure(sandbox: Sandbox) -> None:
    answer = sandbox.send(body(PERSON + ".phone_number", "07700 900123")(KLAVIYO))
    assert (answer.status, answer.headers["X-Klaviyo-Partial-Failure"]) == (202, "phone_number")


def test_a_bulk_job_is_kept_event_by_event(sandbox: Sandbox) -> None:
    job = bulk(
        ({"email": "a@example.com"}, [EVENT, {**EVENT, "unique_id": "m-2"}]), ({"email": "b@example.com"}, [EVENT])
    )
    assert (sandbox.send(job).status, sandbox.send(job).body) == (202, b"")
    kept = [
        (item["attributes"]["unique_id"], item["attributes"]["profile"]["data"]["attributes"]["email"])
        for item in sandbox.items("klaviyo")
    ]
    assert kept == [("m-1", "a@example.com"), ("m-2", "a@example.com"), ("m-1", "b@example.com")]
    assert sandbox.summary("klaviyo")["deduplicated"] == 3


def test_one_bad_item_refuses_the_whole_bulk_job_and_is_pointed_at(sandbox: Sandbox) -> None:
    bad = {**EVENT, "time": "soon", "unique_id": "m-2"}
    answer = sandbox.send(bulk(({"email": "a@example.com"}, [EVENT]), ({"email": "b"}, [EVENT, bad])))
    at = "/data/attributes/events-bulk-create/data/1/attributes/"
    pointers = [error["source"]["pointer"] for error in answer.json["errors"]]
    assert (answer.status, pointers) == (
        400,
        [at + "profile/data/attributes/email", at + "events/data/1/attributes/time"],
    )
    assert sandbox.summary("klaviyo")["accepted"] == 0


@pytest.mark.parametrize(("events", "status"), [(1_000, 202), (1_001, 400)])
def test_a_bulk_job_has_a_thousand_events_at_most(sandbox: Sandbox, events: int, status: int) -> None:
    many = [{**EVENT, "unique_id": f"m-{index}"} for index in range(events)]
    assert sandbox.send(bulk(({"email": "a@example.com"}, many))).status == status


@pytest.mark.parametrize(
    ("vendor", "headers"),
    [
        ("klaviyo", {"RateLimit-Limit": "3500", "RateLimit-Remaining": "3499", "RateLimit-Reset": "60"}),
        ("kustomer", {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "299"}),
    ],
)
def test_a_success_tells_the_rate_limit(sandbox: Sandbox, vendor: str, headers: dict[str, str]) -> None:
    answer = sandbox.send(GOOD[vendor])
    assert {name: answer.headers[name] for name in headers} == headers


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        (KUSTOMER, header("Authorization", "Bearer old")),
        (KLAVIYO, header("Authorization", "Klaviyo-API-Key pk_old")),
        (STATSIG, header("statsig-api-key", "secret-old")),
        (LAUNCHDARKLY, header("Authorization", "old")),
    ],
)
@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_and_then_the_right_one(sandbox: Sandbox, call: Call, wrong: Change, status: int) -> None:
    right = [text.removeprefix("Bearer ").removeprefix("Klaviyo-API-Key ") for text in call.headers.values()]
    sandbox.post(f"/{call.vendor}/_credentials", {"accepted": right, "status": status})
    refused = sandbox.send(wrong(call))
    assert (refused.status, bool(errors_of(call.vendor, refused.json))) == (status, True)
    assert sandbox.send(call).status == SUCCESS[call.vendor]
    sandbox.post(f"/{call.vendor}/_credentials", {"refused": right})
    assert sandbox.send(call).status == 401
    sandbox.request("DELETE", f"/{call.vendor}/_credentials")
    assert sandbox.send(wrong(call)).status == SUCCESS[call.vendor]


def test_a_bad_body_shows_as_json_even_where_it_cannot_be_read(sandbox: Sandbox) -> None:
    sandbox.send(replace(KLAVIYO, body=b"\xff\xfe"))
    answer = sandbox.get("/klaviyo/_refused")["items"][0]["item"]["answer"]
    assert orjson.loads(answer)["errors"][0]["status"] == 400
