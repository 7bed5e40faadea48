"""Segment's HTTP API: what is taken, what is refused, and what the event is then."""

from __future__ import annotations

import base64
import gzip
import os
import signal
import socket
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
from redis import Redis

from schemas.moment import parsed
from tests.engine.conftest import SECRET_KEY, part_of
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from tests.gateway.door import Door
from tests.gateway.shop import ORIGIN, Shop
from workers import keys, write_keys
from workers.local.parts import Gateway
from workers.local.server import LocalRedis

pytestmark = pytest.mark.engine

TRACK: dict[str, Any] = {"userId": "u1", "event": "Order Completed", "properties": {"revenue": 9.5}}
EVENTS: list[dict[str, Any]] = [{"type": "track", **TRACK}, {"type": "page", "anonymousId": "a1"}]


def refused(answer: requests.Response, status: int, code: str) -> dict[str, Any]:
    """The error of an answer, which also stands where libraries look for it."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body.keys() == {"error", "code", "message"}
    assert (body["code"], body["message"]) == (body["error"]["code"], body["error"]["message"])
    assert body["code"] == code
    return dict(body["error"])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("track", {"event": "Order Completed", "properties": {"revenue": 9.5}}),
        ("page", {"name": "Home", "properties": {"path": "/"}}),
        ("screen", {"name": "Basket"}),
        ("identify", {"traits": {"plan": "gold"}, "context": {"traits": {"plan": "old", "city": "Paris"}}}),
        ("group", {"groupId": "g1", "traits": {"size": 5}}),
        ("alias", {"previousId": "a0"}),
    ],
)
def test_each_kind_of_event_is_kept_as_the_schema_has_it(shop: Shop, kind: str, body: dict[str, Any]) -> None:
    answer = shop.post(f"/v1/{kind}", {"userId": "u1", "messageId": "m1", "type": "nonsense", **body})
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    event = shop.kept()[0]
    assert (event["type"], event["user_id"], event["message_id"]) == (kind, "u1", "m1")
    assert event.get("name", event.get("event")) == body.get("name", body.get("event"))
    assert (event.get("group_id"), event.get("previous_id")) == (body.get("groupId"), body.get("previousId"))
    assert event["traits"] == {**body.get("context", {}).get("traits", {}), **body.get("traits", {})}
    assert event["context"] == {}


@pytest.mark.parametrize("how", ["basic", "bearer", "body"])
def test_the_write_key_comes_in_three_ways(shop: Shop, how: str) -> None:
    basic = base64.b64encode(f"{shop.key}:".encode()).decode()
    headers = {"basic": {"Authorization": f"Basic {basic}"}, "bearer": {"Authorization": f"Bearer {shop.key}"}}
    body = {"batch": EVENTS, **({"writeKey": shop.key} if how == "body" else {})}
    assert shop.post("/v1/batch", body, auth=None, headers=headers.get(how)).status_code == 200
    assert len(shop.kept()) == 2
    assert shop.key not in shop.fleet.everything()


@pytest.mark.parametrize(
    ("auth", "body", "status"),
    [
        (None, {}, 401),
        (("wrong", ""), {}, 401),
        (None, {"writeKey": "wrong"}, 401),
        (None, {"writeKey": 5}, 401),
        (("", ""), {}, 401),
    ],
)
def test_nobody_gets_in_without_a_key(shop: Shop, auth: Any, body: dict[str, Any], status: int) -> None:
    answer = shop.post("/v1/track", {**TRACK, **body}, auth=auth)
    refused(answer, status, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert shop.kept() == []


def test_good_events_of_a_batch_are_kept_and_every_fault_of_the_others_is_named(shop: Shop) -> None:
    cut = orjson.dumps({"batch": [EVENTS[0], {"type": "track", "userId": "u"}, 5, {"type": "page", "userId": "half"}]})
    answer = shop.post("/v1/batch", cut.replace(b"half", b"\\ud83d"))
    assert (answer.status_code, answer.json()["kept"], answer.json()["refused"]) == (200, 1, 3)
    faults = {fault["index"]: fault["faults"] for fault in answer.json()["faults"]}
    assert faults[1] == ["event: is missing; an event of type track needs it"]
    assert faults[2] == ["event: must be a JSON object, not 5"]
    assert "surrogate" in faults[3][0]
    assert [event["user_id"] for event in shop.kept()] == ["u1"]


def test_when_nothing_is_good_nothing_is_kept_and_all_is_named(shop: Shop) -> None:
    found = refused(shop.post("/v1/batch", {"batch": [{"type": "x"}, {"type": "page", "userId": 1.5}]}), 400, "invalid")
    assert [(each["index"], len(each["faults"])) for each in found["details"]] == [(0, 2), (1, 1)]
    found = refused(shop.post("/v1/track", {**TRACK, "properties": {"x": "y" * 40_000}}), 400, "invalid")
    assert "at most 32,768 are kept" in found["details"][0]["faults"][0]
    assert shop.kept() == []


def test_after_a_thousand_bad_events_the_rest_is_refused_unread(shop: Shop) -> None:
    good = EVENTS[0]
    answer = shop.post("/v1/batch", {"batch": [good, *([{}] * 999), good, *([{}] * 120_000), good]}, timeout=4)
    assert (answer.json()["kept"], answer.json()["refused"]) == (2, 121_000)
    assert answer.json()["faults"][-1]["index"] == 1_002
    assert "nor the 119,999 after it" in answer.json()["faults"][-1]["faults"][0]
    assert len(shop.kept()) == 2


@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (b"", None, 400, "malformed"),
        (b"{", None, 400, "malformed"),
        (b"[" * 100_000, None, 400, "malformed"),
        (b"\xff", None, 400, "malformed"),
        (b"[]", None, 400, "malformed"),
        (b'{"batch": {}}', None, 400, "malformed"),
        (b'{"event": 1}', "gzip", 400, "malformed"),
        (gzip.compress(b'{"batch": []}', mtime=0)[:-9], "gzip", 400, "malformed"),
        (b"{}", "br", 415, "unknown_encoding"),
        (b" " * 512_001, None, 413, "too_large"),
        (gzip.compress(b" " * 512_001, mtime=0), "gzip", 413, "too_large"),
        (zlib.compress(b" " * 10, wbits=31) + b"rest", "gzip", 400, "malformed"),
    ],
)
def test_a_bad_body_is_told_apart(shop: Shop, body: bytes, encoding: str | None, status: int, code: str) -> None:
    refused(shop.post("/v1/batch", body, headers={"Content-Encoding": encoding} if encoding else {}), status, code)


def test_a_body_that_does_not_say_how_large_it_is_is_not_cut_to_size(shop: Shop) -> None:
    body = orjson.dumps(TRACK).ljust(600_000)
    refused(shop.door.post("/v1/track", data=iter([body]), auth=(shop.key, "")), 413, "too_large")
    assert shop.kept() == []


def test_a_gzip_bomb_is_not_unpacked(shop: Shop, gateway: Gateway) -> None:
    bomb = gzip.compress(bytes(400_000_000))
    before = _peak(gateway)
    refused(shop.post("/v1/batch", bomb, headers={"Content-Encoding": "gzip"}), 413, "too_large")
    assert _peak(gateway) - before < 50_000_000


def _peak(gateway: Gateway) -> int:
    """The most memory that any process of the gateway ever had (bytes)."""
    group = [path for path in Path("/proc").glob("[0-9]*/stat") if f" {gateway.pid} " in _group(path)]
    statuses = [(path.parent / "status").read_text() for path in group]
    return sum(int(text.partition("VmHWM:")[2].split()[0]) * 1024 for text in statuses)


def _group(path: Path) -> str:
    try:
        return " ".join(["", path.read_text().rpartition(")")[2].split()[2], ""])
    except OSError:
        return ""


def test_gzip_and_chunked_bodies_are_read(shop: Shop) -> None:
    body = gzip.compress(orjson.dumps({"batch": EVENTS}))

    def chunks() -> Iterator[bytes]:
        yield body[:10]
        yield body[10:]

    for given in (body, chunks()):
        answer = shop.door.post("/v1/batch", data=given, auth=(shop.key, ""), headers={"Content-Encoding": "gzip"})
        assert answer.status_code == 200, answer.text
        assert len(shop.kept()) == 2


def test_what_a_batch_says_once_is_each_event_s(shop: Shop) -> None:
    shared: dict[str, Any] = {
        "context": {"locale": "en", "app": {"name": "x"}},
        "integrations": {"All": False},
        "sentAt": "2026-01-01",
    }
    own: dict[str, Any] = {
        "context": {"locale": "fr"},
        "integrations": {"Statsig": True},
        "sentAt": "2026-01-02",
        "receivedAt": "x",
    }
    shop.post("/v1/batch", {"batch": [{**EVENTS[0], **own}, EVENTS[0]], **shared})
    first, second = shop.kept()
    assert first["context"] == {"locale": "fr", "app": {"name": "x"}}
    assert (first["integrations"], second["integrations"]) == ({"All": False, "Statsig": True}, {"All": False})
    assert [event["sent_at"][:10] for event in (first, second)] == ["2026-01-02", "2026-01-01"]


@pytest.mark.parametrize("path", ["batch", "import"])
def test_what_a_batch_says_once_and_is_no_object_is_named(shop: Shop, path: str) -> None:
    found = refused(shop.post(f"/v1/{path}", {"batch": EVENTS, "context": "x", "integrations": []}), 400, "malformed")
    assert found["details"] == ['context: must be an object, not "x"', "integrations: must be an object, not a list"]
    assert shop.kept() == []
    assert shop.post(f"/v1/{path}", {"batch": EVENTS, "context": {}, "integrations": None}).status_code == 200


@pytest.mark.parametrize("path", ["batch", "import"])
def test_a_clock_that_is_wrong_is_corrected_but_not_for_imports(shop: Shop, path: str) -> None:
    sent = datetime.now(UTC) + timedelta(days=300)
    stated = (sent - timedelta(minutes=5)).isoformat()
    events = [{**EVENTS[0], "timestamp": stated}, {**EVENTS[0], "originalTimestamp": stated}, EVENTS[0]]
    shop.post(f"/v1/{path}", {"batch": events, "sentAt": sent.isoformat()})
    kept = shop.kept()
    ago = [parsed(event["received_at"]) - parsed(event["timestamp"]) for event in kept]
    expected = timedelta(minutes=5) if path == "batch" else timedelta(days=-300, minutes=5)
    moment = timedelta(seconds=5)
    assert abs(ago[0] - expected) < moment
    assert ago[1:] == [ago[0] if path == "batch" else timedelta(0), timedelta(0)]
    assert abs(parsed(kept[0]["received_at"]) - datetime.now(UTC)) < moment


def test_only_a_browser_s_address_and_user_agent_become_the_event_s(shop: Shop) -> None:
    agent = {"User-Agent": "Mozilla/5.0", "X-Forwarded-For": "198.51.100.1"}
    own = {"context": {"ip": "203.0.113.9", "user_agent": "mine"}}
    shop.post("/v1/batch", {"batch": [EVENTS[0], {**EVENTS[0], **own}]}, headers={**agent, "Origin": ORIGIN})
    shop.post("/v1/batch", {"batch": EVENTS[:1]}, headers=agent)
    assert [event["context"] for event in shop.kept()] == [
        {"ip": "127.0.0.1", "user_agent": "Mozilla/5.0"},
        {"ip": "203.0.113.9", "user_agent": "mine"},
        {},
    ]


def test_a_trusted_proxy_tells_the_address(shop: Shop, here: LocalRedis, tmp_path: Path) -> None:
    headers = {"Origin": ORIGIN, "X-Forwarded-For": "203.0.113.5, 198.51.100.1"}
    with Gateway(tmp_path, here.url, env={"FLEET_GATEWAY_PROXIES": "1"}) as gateway, Door(gateway.url) as door:
        door.post("/v1/track", json=TRACK, auth=(shop.key, ""), headers=headers)
    assert shop.kept()[0]["context"]["ip"] == "198.51.100.1"


@pytest.mark.parametrize(
    ("body", "auth", "status"),
    [(b"{", ("wrong", ""), 401), (b"{", None, 400), (b"{}", None, 401), (b" " * 512_001, None, 413)],
)
def test_a_page_can_read_why_it_is_refused(shop: Shop, body: bytes, auth: Any, status: int) -> None:
    answer = shop.post("/v1/batch", body, auth=auth, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers.get("Access-Control-Allow-Origin")) == (status, ORIGIN)


def test_only_pages_of_the_pipeline_may_hand_in(shop: Shop) -> None:
    asked = shop.door.options("/v1/track", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})
    assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    evil = {"Origin": "https://evil.example.com"}
    assert "Access-Control-Allow-Origin" not in shop.door.options("/v1/track", headers=evil).headers
    answer = shop.post("/v1/track", TRACK, headers=evil)
    assert "store" in refused(answer, 403, "origin")["message"]
    assert answer.headers["Access-Control-Allow-Origin"] == evil["Origin"]
    for body, status in ((TRACK, 200), ({}, 400)):
        answer = shop.post("/v1/track", body, headers={"Origin": ORIGIN})
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, ORIGIN)
        assert answer.headers["Vary"] == "Origin"
    assert len(shop.kept()) == 1


def test_a_key_has_its_rate(shop: Shop) -> None:
    shop.describe(rate=0.5)
    assert shop.post("/v1/track", TRACK, auth=(write_keys.create("store")[1], "")).status_code == 200
    other = write_keys.create("store")[1]
    assert shop.post("/v1/batch", {"batch": EVENTS}, auth=(other, "")).status_code == 200
    answer = shop.post("/v1/track", TRACK, auth=(other, ""))
    refused(answer, 429, "too_fast")
    assert answer.headers["Retry-After"] == "4"
    assert len(shop.kept()) == 3


def test_a_full_redis_is_told(shop: Shop) -> None:
    shop.fleet.redis.hset(keys.FLEET, "memory", 85)
    answer = shop.post("/v1/track", TRACK)
    assert "85 % full" in refused(answer, 503, "unavailable")["message"]
    assert int(answer.headers["Retry-After"]) > 0
    assert shop.kept() == []


def test_redis_away_is_told_and_the_door_opens_again(fleet: Fleet, tmp_path: Path) -> None:
    env = {"FLEET_SECRET_KEY": SECRET_KEY, "FLEET_GATEWAY_PATIENCE": "0.5"}
    with (
        LocalRedis(tmp_path / "redis", extra_args=("--appendfsync", "always")) as own,
        Gateway(tmp_path, own.url, env=env) as gateway,
        part_of(own.url),
        Redis.from_url(own.url) as client,
        Door(gateway.url) as door,
    ):
        shop = Shop(Fleet(client, fleet.vendors), door)
        assert shop.post("/v1/track", TRACK).status_code == 200
        own.kill()
        for auth in ((shop.key, ""), ("not looked up yet", "")):
            answer = shop.post("/v1/track", TRACK, auth=auth)
            refused(answer, 503, "unavailable")
            assert answer.headers["Retry-After"]
        own.start()
        assert shop.post("/v1/track", TRACK).status_code == 200
        assert len(shop.kept()) == 2


def test_what_is_in_hand_when_it_is_told_to_end_is_answered(shop: Shop, here: LocalRedis, tmp_path: Path) -> None:
    body = orjson.dumps(TRACK)
    head = ["POST /v1/track HTTP/1.1", "Host: x", f"Authorization: Bearer {shop.key}", "Expect: 100-continue"]
    head += [f"Content-Length: {len(body)}", "", ""]
    with Gateway(tmp_path, here.url) as gateway, socket.create_connection(("127.0.0.1", gateway.port), 10) as line:
        line.sendall("\r\n".join(head).encode())
        assert line.recv(100).startswith(b"HTTP/1.1 100 Continue")
        os.kill(gateway.pid, signal.SIGTERM)
        wait_until(lambda: "Shutting down" in gateway.output(), 5, gateway.output)
        line.sendall(body)
        assert line.recv(1_000).startswith(b"HTTP/1.1 200 OK")
        assert gateway.wait(10) == 0
    assert len(shop.kept()) == 1
