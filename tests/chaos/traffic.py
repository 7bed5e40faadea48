"""Traffic: events numbered for each person, so that loss, repetition and order show wherever they arrive."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import orjson
import redis as client

from workers import keys
from workers.errors import NotKept
from workers.producer import Producer

Event = dict[str, Any]

NAMES = ("page", "Product Viewed", "Order Completed")
"""What all five destinations map."""

CHUNK = 50
EVENTS_A_PERSON = 25


def ref(person: int, number: int) -> str:
    """The name of a person's nth event, as it travels among the event's properties."""
    return f"r{person}x{number}"


def place(name: str) -> tuple[int, int]:
    """Person and number of a ref."""
    person, _, number = name[1:].partition("x")
    return int(person), int(number)


def make(person: int, number: int, **properties: Any) -> Event:
    """One event."""
    name, known = NAMES[number % len(NAMES)], {"ref": ref(person, number), "revenue": 9.5, **properties}
    kind: Event = {"type": "page"} if name == "page" else {"type": "track", "event": name}
    return {**kind, "user_id": f"p{person}", "message_id": f"m-{ref(person, number)}", "properties": known}


class Traffic:
    """A thread that hands in events of many persons, each person's in order, again and again until they are kept."""

    def __init__(self, url: str, total: int, seconds: float, seed: int, *, raw: bool = False) -> None:
        self.total = total
        self.kept: dict[str, float] = {}
        self.refusals: list[str] = []
        self.poison: set[str] = set()
        self.poisonous: tuple[float, dict[str, Any]] = (0.0, {})
        self._seconds = seconds
        self._dice = random.Random(seed)
        self._counts = [0] * max(20, total // EVENTS_A_PERSON)
        self._url, self._raw = url, raw
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)
        self.fault: Exception | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def hurry(self) -> None:
        """Hand everything in as fast as it is taken."""
        self._seconds = 0.0

    @property
    def flows(self) -> bool:
        """Whether more is coming."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Hand in no more, and wait for what is under way."""
        self._stopped.set()
        self.wait()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the end; raises what ended it early."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        if self.fault is not None:
            raise self.fault

    def _run(self) -> None:
        started, keep = time.monotonic(), self._add_raw if self._raw else Producer(self._url, patience=1.0).enqueue
        try:
            for number, chunk in enumerate(self._chunks()):
                self._hand_in(keep, chunk)
                due = started + self._seconds * (number + 1) * CHUNK / self.total
                self._stopped.wait(max(0.0, due - time.monotonic()))
                if self._stopped.is_set():
                    return
        except Exception as error:  # noqa: BLE001  # told by whoever waits for this thread
            self.fault = error

    def _chunks(self) -> Iterator[list[Event]]:
        for start in range(0, self.total, CHUNK):
            yield [self._next() for _ in range(min(CHUNK, self.total - start))]

    def _next(self) -> Event:
        person = self._dice.randrange(len(self._counts))
        self._counts[person] += 1
        name = ref(person, self._counts[person])
        return make(person, self._counts[person], **self._marked(name))

    def _marked(self, name: str) -> dict[str, Any]:
        """The properties of poison, for the share of events that is poisonous."""
        share, properties = self.poisonous
        if self._dice.random() >= share:
            return {}
        self.poison.add(name)
        return properties

    def _hand_in(self, keep: Any, chunk: list[Event]) -> None:
        while not self._stopped.is_set():
            try:
                keep(chunk)
            except (NotKept, client.ConnectionError, client.TimeoutError, client.OutOfMemoryError) as refusal:
                self.refusals.append(type(refusal).__name__)
                time.sleep(0.1)
            else:
                self.kept |= dict.fromkeys((event["properties"]["ref"] for event in chunk), time.monotonic())
                return

    def _add_raw(self, chunk: list[Event]) -> None:
        """As any Redis client may: no library of ours, and no ticket."""
        with client.Redis.from_url(self._url) as redis, redis.pipeline(transaction=True) as pipe:
            for event in chunk:
                pipe.xadd(keys.raw("default"), {"event": orjson.dumps(event)})
            pipe.execute()
