"""The stage: one Redis and one sink for everybody, and this process as a member of the fleet."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, Self

from cryptography.fernet import Fernet
from redis import Redis

from tests.bench.events import Event
from tests.bench.meter import Meter
from tests.bench.rivals.job import BROKER, SINK
from tests.bench.sink.client import Sink
from tests.engine.fleet import CONFIGS, sweep
from workers import apply, configuration, keys
from workers.local.processes import Process
from workers.local.server import SETTINGS, LocalRedis
from workers.producer import producer

POLL = 0.01
VENDORS = tuple(CONFIGS)
PERSISTENCE = f"appendonly {SETTINGS['appendonly']}, appendfsync {SETTINGS['appendfsync']}"


class Slow(Exception):
    """Something did not come about in time."""


class Stage:
    """Where everything is measured. ``with`` starts Redis and the sink."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.redis = LocalRedis(folder / "redis")
        self.sink = Sink(folder)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.redis)
            stack.enter_context(self.sink)
            self.client: Any = stack.enter_context(Redis.from_url(self.redis.url))
            self.rivals: Any = stack.enter_context(Redis.from_url(self.rivals_url))
            os.environ |= {BROKER: self.rivals_url, SINK: self.sink.url("").rstrip("/")}
            os.environ |= {"FLEET_REDIS_URL": self.redis.url, "FLEET_SECRET_KEY": Fernet.generate_key().decode()}
            os.environ.pop("FLEET_BROKER_URL", None)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def rivals_url(self) -> str:
        """Where other libraries keep their queues: the same server, a database of its own."""
        return self.redis.url.removesuffix("0") + "1"

    def meter(self, *workers: Process) -> Meter:
        """Begin to measure these workers, Redis and the sink."""
        theirs = {"worker": [one.pid for one in workers]} if workers else {}
        return Meter({**theirs, "redis": [self.redis.pid], "sink": [self.sink.pid]})

    def clear(self, *, keep: bool = False) -> None:
        """Empty Redis, but for what connects running workers, and the sink."""
        sweep(self.client)
        self.client.bgrewriteaof()
        self.until(lambda: not self.client.info("persistence")["aof_rewrite_in_progress"], 60, "an empty AOF")
        self.sink.ask("clear", keep=keep)

    def spec(self, vendor: str, name: str = "", **parts: Any) -> dict[str, Any]:
        """An integration towards the sink, without limits unless ``limits`` says otherwise."""
        spec = {"destination": vendor, "variant": "retail" if vendor == "statsig" else "default"}
        return {**spec, "config": CONFIGS[vendor], "base_url": self.sink.url(name or vendor), **LIFTED, **parts}

    def install(self, specs: Mapping[str, Any], pipelines: Mapping[str, Iterable[str]] | None = None) -> None:
        """Install integrations, each with a pipeline of its name, or with the pipelines that are given."""
        listed = pipelines or {name: [name] for name in specs}
        document = {
            "pipelines": {name: {"integrations": list(integrations)} for name, integrations in listed.items()},
            "integrations": dict(specs),
        }
        apply.carry_out(apply.work_out(configuration.check(document)))

    def enqueue(self, incoming: Iterable[Event], pipeline: str, size: int = 1_000) -> None:
        """Enqueue events, a batch at a time."""
        rest = iter(incoming)
        while batch := list(islice(rest, size)):
            producer().enqueue(batch, pipeline)

    def delivered(self, names: Iterable[str]) -> int:
        """How many events the ledgers of these integrations call delivered."""
        with self.client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hget(keys.ledger(name), "delivered")
            return sum(int(found or 0) for found in pipe.execute())

    def waiting(self, name: str) -> int:
        """How many events wait in the lanes of an integration."""
        lanes = range(int(self.client.hget(keys.FLEET, "lanes")))
        with self.client.pipeline(transaction=False) as pipe:
            for lane in lanes:
                pipe.xlen(keys.waiting(name, lane))
            return sum(pipe.execute())

    def until(self, condition: Callable[[], Any], seconds: float, what: str, every: float = POLL) -> None:
        """Wait for a condition, looking every so many seconds; ``Slow`` when it does not come about."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise Slow(f"{what}: not within {seconds:g} s; logs in {self.folder}")
            time.sleep(every)


LIFTED = {"limits": {"lifted": True}}
