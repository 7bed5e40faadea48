"""A stage: Redis, vendors, workers and traffic for one scenario, and the books afterwards."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import orjson
from cryptography.fernet import Fernet
from redis import Redis
from redis.exceptions import RedisError

from tests.chaos import books
from tests.chaos.books import Counters, Page
from tests.chaos.crew import Crew
from tests.chaos.form import Form, Setup
from tests.chaos.host import add_sixth
from tests.chaos.parts import Hosted, Proxy
from tests.chaos.traffic import Traffic
from tests.engine.fleet import VENDORS, Fleet
from workers import keys
from workers.audit import audit
from workers.local.parts import Sandbox, Worker
from workers.local.server import LocalRedis
from workers.registry import registry

QUIET = 60.0
"""Nothing moved for so many seconds: it is stuck."""


class Stuck(Exception):
    """Something did not come about."""


class Stage:
    """Where one scenario plays. ``with`` starts everything; ``judge`` counts."""

    def __init__(self, form: Form, setup: Setup, folder: Path, seed: int) -> None:
        self.form, self.setup, self.folder, self.seed = form, setup, folder, seed
        self.dice = random.Random(seed)
        self.notes: dict[str, Any] = {}
        self.faults: list[str] = []
        self.expected_dead: dict[str, set[str]] = {vendor: set() for vendor in VENDORS}
        self.last_second: set[str] = set()
        self.undone = self.waited = 0
        self.judged_apart: dict[str, Counter[str]] = {}
        self.replayed: set[str] = set()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        self.redis = stack.enter_context(LocalRedis(self.folder / "redis", extra_args=self.setup.redis))
        os.environ |= {"FLEET_REDIS_URL": self.redis.url, "FLEET_SECRET_KEY": Fernet.generate_key().decode()}
        slots = "4" if os.environ.get("FLEET_POOL") == "prefork" else "16"
        os.environ |= {"FLEET_SLOTS": slots, "FLEET_PATIENCE": "0.1", **self.setup.env}
        if "CHAOS_SIXTH" in self.setup.env:
            add_sixth()
        self.client: Any = stack.enter_context(Redis.from_url(self.redis.url))
        self.proxy = Proxy(self.folder, self.redis.port, self.seed)
        if self.setup.proxied:
            stack.enter_context(self.proxy)
        sandbox = stack.enter_context(Sandbox(self.folder))
        self.sandbox_port = sandbox.port
        self.vendors = Counters(sandbox)
        self.vendors.keep_refs()
        self.fleet = Fleet(self.client, self.vendors)
        self.install()
        self.crew = Crew(self._workers(), self.seed)
        stack.callback(self.crew.close)
        self.crew.start()
        arguments = self.redis.url, self.form.events, self.form.seconds, self.seed
        self.traffic = Traffic(*arguments, raw=self.setup.raw)
        if self.setup.traffic:
            self.traffic.start()

    def install(self) -> list[str]:
        """Install the five integrations."""
        timeout = {"connect": min(1.0, self.setup.timeout), "total": self.setup.timeout}
        specs = {
            self.fleet.name(vendor): self.fleet.spec(vendor, timeout=timeout, **self._parts(vendor))
            for vendor in VENDORS
        }
        return self.fleet.add(specs)

    def _parts(self, vendor: str) -> dict[str, Any]:
        return {"config": {"bulk": True}} if vendor == "klaviyo" and self.setup.bulk else {}

    def _workers(self) -> list[Worker]:
        """The workers, not started yet: as many as the form says, or one for each of the scenario's queues."""
        queues: list[tuple[str, ...]] = [("-Q", self._named(listed)) for listed in self.setup.queues]
        queues = queues or [()] * self.form.workers
        url = f"redis://127.0.0.1:{self.proxy.port}/0" if self.setup.proxied else self.redis.url
        kind = Hosted if any(name.startswith("CHAOS_") for name in self.setup.env) else Worker
        return [kind(self.folder, url, *chosen, name=f"worker{number}") for number, chosen in enumerate(queues, 1)]

    def _named(self, queues: str) -> str:
        """Queues by vendor as they are called here."""
        return ",".join(name if name == keys.ROUTE else self.fleet.name(name) for name in queues.split(","))

    def beats(self, every: float, least: int = 1) -> Iterator[int]:
        """Count up once every so many seconds while traffic flows, at least so often."""
        number = 0
        while number < least or self.traffic.flows:
            time.sleep(every)
            number += 1
            yield number

    def status(self) -> Mapping[str, Any]:
        """The fleet's status."""
        return self.fleet.status()

    def row(self, vendor: str) -> dict[str, Any]:
        """One integration's status."""
        return self.fleet.row(self.fleet.name(vendor))

    def until(self, condition: Callable[[], Any], seconds: float, what: str) -> Any:
        """Wait for a condition; ``Stuck`` when it does not come about."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > deadline:
                raise Stuck(f"{what}: not within {seconds:g} s; {self._shown()}")
            time.sleep(0.1)
        return found

    def drain(self) -> None:
        """Wait until every event has its fate; ``Stuck`` when nothing moves any more."""
        self.traffic.wait()
        seen, moved = "", time.monotonic()
        while self.fleet.left():
            now = orjson.dumps(self._counters()).decode()
            if now != seen:
                seen, moved = now, time.monotonic()
            if time.monotonic() - moved > QUIET:
                raise Stuck(f"nothing moved for {QUIET:g} s: {self._shown()}")
            time.sleep(0.2)

    def _counters(self) -> Any:
        status = self.status()
        rows = status["integrations"].values()
        return [status["inbox_waiting"], [[row[k] for k in ("accepted", "delivered", "dead", "aside")] for row in rows]]

    def _shown(self) -> str:
        try:
            status = self.status()
        except RedisError as error:
            return f"and Redis does not answer ({error})"
        columns = ("waiting", "aside", "in_flight", "delivered", "dead", "held")
        rows = {name: {column: row[column] for column in columns} for name, row in status["integrations"].items()}
        return f"inbox {status['inbox_waiting']}, {rows}"

    def ledger(self, vendor: str) -> Counter[str]:
        """An integration's counters as they are kept."""
        kept = self.client.hgetall(keys.ledger(self.fleet.name(vendor)))
        return Counter({name.decode(): int(number) for name, number in kept.items()})

    def dead(self, vendor: str) -> dict[str, str]:
        """The refs among an integration's dead letters, and their kinds."""
        letters = self.fleet.letters(keys.dead(self.fleet.name(vendor)))
        return {letter["event"]["properties"]["ref"]: letter["kind"] for letter in letters}

    def held(self, vendor: str) -> set[str]:
        """The refs that wait on the road to a vendor; none when all went well."""
        if not self.fleet.left():
            return set()
        name, client = self.fleet.name(vendor), self.client
        bodies = [body for key in client.scan_iter(f"{keys.events(name)}*") for body in client.hvals(key)]
        for pattern in (keys.waiting(name), keys.inbox("default"), keys.raw("default")):
            streams = client.scan_iter(f"{pattern}*")
            bodies += [fields[b"event"] for stream in streams for _, fields in client.xrange(stream)]
        return {orjson.loads(body)["properties"]["ref"] for body in bodies}

    def judge(self) -> list[Page]:
        """Count everything; what breaks a promise is added to ``faults``."""
        pages = [self._page(vendor) for vendor in VENDORS]
        registry().refresh()
        self.faults += [f"{one.kind} {one.name}: {fault}" for one in audit(registry()) for fault in one.faults]
        return pages

    def _page(self, vendor: str) -> Page:
        arrivals, dead, held = self.vendors.arrivals(vendor), self.dead(vendor), self.held(vendor)
        ledger = self.judged_apart.get(vendor) or self.ledger(vendor)
        unique = set(arrivals)
        page = Page(vendor, len(unique), in_doubt=ledger["in_doubt"], dead=Counter(dead.values()))
        if vendor not in self.judged_apart:
            page.lost = books.lost(self.traffic.kept, unique, dead, held)
        page.repeated = len(arrivals) - len(unique)
        page.recognised = int(self.vendors.summary(vendor)["deduplicated"])
        page.late = books.late([name for name in arrivals if name not in self.replayed])
        page.balance = abs(int(self.row(vendor)["balance"]))
        self.faults += books.losses(page, self.last_second) + books.repetitions(page, self.undone)
        self.faults += books.faults_of(page, self.expected_dead[vendor], dead)
        if abs(ledger["delivered"] - len(unique - dead.keys())) > self.undone:
            self.faults.append(f"{vendor}: {ledger['delivered']} counted as delivered, {len(unique)} arrived")
        return page
