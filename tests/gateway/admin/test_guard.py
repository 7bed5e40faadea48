"""Who may use the admin API."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.admin.settings import named
from gateway.admin.tries import network
from tests.engine.conftest import SECRET_KEY
from tests.engine.fleet import Fleet
from tests.gateway.admin.conftest import Admin
from tests.gateway.conftest import ADMIN_TOKEN
from tests.gateway.door import Door, error
from workers.local.parts import Gateway

pytestmark = pytest.mark.engine

PATHS = ["/integrations", "/integration-catalog", "/ledger", "/deliveries/stream"]


@pytest.mark.parametrize("path", PATHS)
def test_without_a_token_there_is_no_answer(door: Door, fleet: Fleet, path: str) -> None:
    answer = door.get(f"/v1/admin{path}")
    assert error(answer, 401)["code"] == "no_token"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert error(door.get(f"/v1/admin{path}", auth=("admin", ADMIN_TOKEN)), 401)["code"] == "no_token"


def test_wrong_tokens_are_limited_and_then_the_right_one_waits_too(
    gateway: Gateway, admin: Admin, fleet: Fleet
) -> None:
    with Admin(gateway.url, "wr=ng") as wrong:
        for _ in range(10):
            assert error(wrong.get("/ledger"), 401)["code"] == "wrong_token"
        assert error(wrong.get("/ledger"), 429)["code"] == "too_many_tries"
    answer = admin.get("/ledger")
    assert error(answer, 429)["code"] == "too_many_tries"
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    fleet.redis.delete(*fleet.redis.scan_iter("*:tries:*"))
    assert admin.get("/ledger").status_code == 200


def test_without_tokens_it_is_off_and_each_may_have_its_holder(
    fleet: Fleet, tmp_path: Path, gateway: Gateway, here: object
) -> None:
    url = fleet.redis.connection_pool.connection_kwargs
    redis_url = f"redis://{url['host']}:{url['port']}/{url.get('db', 0)}"
    with Gateway(tmp_path, redis_url, env={"FLEET_ADMIN_TOKEN": ""}) as off, Admin(off.url) as admin:
        told = error(admin.get("/ledger"), 403)
        assert told["code"] == "admin_api_off"
        assert "FLEET_ADMIN_TOKEN" in told["message"]


def test_without_redis_it_is_away(tmp_path: Path) -> None:
    env = {"FLEET_ADMIN_TOKEN": ADMIN_TOKEN, "FLEET_SECRET_KEY": SECRET_KEY}
    with Gateway(tmp_path, "redis://127.0.0.1:1/0", env=env) as gateway, Admin(gateway.url) as admin:
        assert error(admin.get("/ledger"), 503)["code"] == "unavailable"


@pytest.mark.parametrize(
    ("entry", "token", "holder"),
    [("abc", "abc", "admin"), ("alice:abc", "abc", "alice"), (" bob:a+/= ", "a+/=", "bob"), (":abc", "abc", "admin")],
)
def test_a_token_may_say_who_holds_it(entry: str, token: str, holder: str) -> None:
    assert named(entry) == (token, holder)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::9", "2001:db8::/64"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("", "unknown"),
    ],
)
def test_tries_are_counted_by_whoever_has_the_address(address: str, counted: str) -> None:
    assert network(address) == counted
