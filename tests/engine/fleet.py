"""A fleet under test: what is installed in its Redis, what is enqueued, what its ledger says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import count
from typing import Any

import orjson
from redis import Redis

from tests.engine.vendors import Vendors
from tests.engine.waiting import wait_until
from workers import apply, configuration, keys, ledger

CONFIGS: Mapping[str, Mapping[str, str]] = {
    "kissmetrics": {"api_key": "km_0123456789"},
    "kustomer": {"org_name": "acme", "api_key": "eyJhbGciOi.eyJvcmci.c2ln"},
    "klaviyo": {"public_api_key": "ABC123", "private_api_key": "pk_0123456789abcdef0123456789abcdef01"},
    "statsig": {"server_secret_key": "secret-0123456789"},
    "launchdarkly": {
        "access_token": "api-0123456789",
        "project_key": "default",
        "environment_key": "production",
    },
}
VENDORS = tuple(CONFIGS)

_numbers = count(1)


class Fleet:
    """An installation with names of its own: running workers know nothing of it from an earlier test."""

    def __init__(self, redis: Redis, vendors: Vendors) -> None:
        self.redis: Any = redis
        self.vendors = vendors
        self.number = next(_numbers)
        self.document: dict[str, Any] = {"pipelines": {}, "integrations": {}}

    def name(self, vendor: str) -> str:
        """The name of this test's integration of a vendor."""
        return f"{vendor}-{self.number}"

    def spec(self, vendor: str, **parts: Any) -> dict[str, Any]:
        """An integration's specification; limits lifted unless ``limits`` says otherwise."""
        config = {**CONFIGS[vendor], **parts.pop("config", {})}
        sandbox = {"base_url": self.vendors.url(vendor), "limits": {"lifted": True}}
        variant = "retail" if vendor == "statsig" else "default"
        return {"destination": vendor, "variant": variant, "config": config, **sandbox, **parts}

    def install(self, *vendors: str, **parts: Any) -> list[str]:
        """Install an integration of each vendor in the default pipeline; their names."""
        return self.add({self.name(vendor): self.spec(vendor, **parts) for vendor in vendors})

    def add(self, specs: Mapping[str, Any], pipeline: str = "default") -> list[str]:
        """Install integrations under these names, beside those that are there."""
        self.document["integrations"].update(specs)
        listed = self.document["pipelines"].setdefault(pipeline, {"integrations": []})["integrations"]
        listed += [name for name in specs if name not in listed]
        self.apply()
        return list(specs)

    def apply(self, *, prune: bool = False) -> apply.Change:
        """Apply the document as it is now."""
        change = apply.work_out(configuration.check(self.document), prune=prune)
        apply.carry_out(change)
        return change

    def status(self) -> dict[str, Any]:
        """The whole status."""
        return ledger.status()

    def row(self, name: str) -> dict[str, Any]:
        """One integration's status."""
        return dict(self.status()["integrations"][name])

    def left(self) -> int:
        """How many events are on their way."""
        status = self.status()
        return int(
            status["inbox_waiting"] + sum(row["waiting"] + row["aside"] for row in status["integrations"].values())
        )

    def wait_done(self, seconds: float = 20.0) -> dict[str, Any]:
        """Wait until nothing is on its way; the status then, in balance."""
        wait_until(lambda: not self.left(), seconds, self.status)
        status = self.status()
        assert {row["balance"] for row in status["integrations"].values()} <= {0}, status
        return status

    def wait_row(self, name: str, seconds: float = 15.0, **wanted: Any) -> dict[str, Any]:
        """Wait until an integration's row says this."""
        wait_until(lambda: wanted.items() <= self.row(name).items(), seconds, self.status)
        row = self.row(name)
        assert row["balance"] == 0, row
        return row

    def wait_held(self, name: str, kind: str, seconds: float = 10.0) -> dict[str, Any]:
        """Wait until an integration is held for a kind of reason; the hold."""
        wait_until(lambda: (self.row(name)["held"] or {"reason": ""})["reason"].startswith(kind), seconds, self.status)
        return dict(self.row(name)["held"])

    def lanes(self, name: str) -> dict[str, int]:
        """Lanes on an integration's agenda: when each is to be looked at (ms)."""
        return {
            member.decode(): int(due) for member, due in self.redis.zrange(keys.agenda(name), 0, -1, withscores=True)
        }

    def now_ms(self) -> int:
        """Redis's clock."""
        seconds, micro = self.redis.time()
        return int(seconds) * 1000 + int(micro) // 1000

    def everything(self) -> str:
        """All that Redis holds of the fleet, as text."""
        readers = {
            b"string": self.redis.get,
            b"hash": self.redis.hgetall,
            b"stream": self.redis.xrange,
            b"set": self.redis.smembers,
            b"list": lambda name: self.redis.lrange(name, 0, -1),
            b"zset": lambda name: self.redis.zrange(name, 0, -1, withscores=True),
        }
        kinds = {name: self.redis.type(name) for name in sorted(self.redis.scan_iter())}
        return "\n".join(f"{name} {readers[kind](name)}" for name, kind in kinds.items() if kind != b"none")

    def letters(self, stream: str) -> list[dict[str, Any]]:
        """The dead letters in a stream."""
        return [orjson.loads(fields[b"letter"]) for _, fields in self.redis.xrange(stream)]


def sweep(redis: Any) -> None:
    """Take everything out of Redis but what connects running workers; their next look finds a new, empty fleet."""
    revision = int(redis.get(keys.REVISION) or int(time.time()))
    names = [name for name in redis.scan_iter(count=1000) if not name.startswith((b"_kombu", b"unacked"))]
    with redis.pipeline(transaction=True) as pipe:
        for name in names:
            pipe.delete(name)
        pipe.set(keys.REVISION, revision + 1)
        pipe.execute()
