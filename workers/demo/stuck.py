"""When nothing moves any more: what is waiting, and for what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from workers import keys
from workers.connection import redis
from workers.demo.progress import waiting
from workers.ledger import Status
from workers.streams import newest_first

PATIENCE = 60.0
"""Seconds without any event moving on."""


class Stuck(RuntimeError):
    """Nothing moved for a long time. The message names everything that waits, why, and the remedy."""


def stuck(status: Status, seconds: float) -> Stuck:
    """What to say of it."""
    lines = [f"  {line}" for line in _what_waits(status)]
    return Stuck("\n".join([f"Nothing has moved for {seconds:.0f} s.", *lines]))


def _what_waits(status: Status) -> Iterable[str]:
    if status["inbox_waiting"]:
        yield f"inbox: {status['inbox_waiting']:,} events wait to be routed; see the workers' logs."
    for name, row in status["integrations"].items():
        if waiting(row):
            yield f"{name}: {row['waiting']:,} waiting, {row['aside']:,} aside. {_why(name, row)}"


def _why(name: str, row: dict[str, Any]) -> str:
    if row["held"]:
        hint: Any = redis().hget(keys.hold(name), "hint") or b""
        until = f" (until {row['held']['until']})" if row["held"]["until"] else ""
        return f"Held: {row['held']['reason']}{until}. {hint.decode()}"
    failure = _last_failure(name)
    return f"The last failure: {failure['reason']}. {failure['hint']}" if failure else "See the workers' logs."


def _last_failure(name: str) -> dict[str, Any] | None:
    for _, fields in newest_first(keys.samples(name)):
        sample: dict[str, Any] = orjson.loads(fields[b"sample"])
        if sample["verdict"] != "delivered":
            return sample
    return None
