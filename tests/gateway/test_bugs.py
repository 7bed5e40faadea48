"""A bug in the gateway: the caller learns that there is one, its people where it is, and nobody what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.engine.conftest import SECRET_KEY
from tests.engine.dsn import Sentry
from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from tests.gateway.door import Door, error
from workers import keys
from workers.local.parts import Gateway
from workers.local.server import LocalRedis


@pytest.fixture
def broken(fleet: Fleet) -> Iterator[None]:
    """A Redis in which something is not what we take it for."""
    fleet.redis.set(keys.FLEET, "not a hash")
    yield
    fleet.redis.delete(keys.FLEET)


def test_a_bug_is_reported_and_logged_without_what_was_asked(
    broken: None, here: LocalRedis, sentry: Sentry, tmp_path: Path
) -> None:
    env = {"FLEET_SECRET_KEY": SECRET_KEY, "FLEET_SENTRY_DSN": sentry.dsn, "FLEET_LOG_FORMAT": "json"}
    with Gateway(tmp_path, here.url, env=env) as gateway, Door(gateway.url) as door:
        answer = door.get("/readyz?email=jane@example.com", headers={"Authorization": "Bearer of-bad-news"})
        assert error(answer, 500)["code"] == "internal_server_error"
        [report] = wait_until(lambda: sentry.reports, last=gateway.output)
        lines = [orjson.loads(line) for line in gateway.output().splitlines() if line.startswith("{")]
    assert report["tags"]["part"] == "gateway"
    assert report["exception"]["values"][-1]["type"] == "ResponseError"
    assert report["exception"]["values"][-1]["value"].startswith("WRONGTYPE"), "what Redis says quotes no event"
    assert "request" not in report
    assert any("WRONGTYPE" in line.get("exception", "") for line in lines)
    told = gateway.output() + b"".join(sentry.raw).decode()
    assert not [word for word in ("jane@example.com", "of-bad-news") if word in told]
