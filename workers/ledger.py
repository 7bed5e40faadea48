"""The ledger: every event's fate, counted, read in one atomic step, and always in balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from destinations.form.integration import Integration
from workers import keys, scripts
from workers.connection import redis
from workers.dead_letters import iso
from workers.holds import FOREVER_MS
from workers.registry import Registry, registry
from workers.settings import settings

Status = dict[str, Any]

LEFT = ("delivered", "purged", "forgotten")
"""Fates of events that are gone, besides ``dropped:…``."""


def status(fleet: Registry | None = None) -> Status:
    """The status that ``fleet status --json`` prints: counters, what waits, holds, each integration's balance."""
    fleet = fleet or registry()
    fleet.refresh()
    arguments = question(fleet, tuple(fleet.pipelines), fleet.names)
    pipelines, integrations, now_ms = scripts.call(redis(), "status", (), arguments)
    rows = zip(fleet.names, integrations, strict=True)
    return {**_received(pipelines), "integrations": {name: row_of(fleet, name, row, now_ms) for name, row in rows}}


def question(fleet: Registry, pipelines: Sequence[str], integrations: Sequence[str]) -> list[scripts.Argument]:
    """What the script ``status`` is asked of some pipelines and integrations."""
    arguments: list[scripts.Argument] = [fleet.lanes or settings().lanes, len(pipelines)]
    for name in pipelines:
        arguments += [keys.pipeline_ledger(name), keys.inbox(name), keys.raw(name), keys.inbox_dead(name)]
    for name in integrations:
        arguments += [keys.ledger(name), keys.waiting(name), keys.events(name), keys.dead(name), keys.hold(name)]
        arguments.append(keys.state(name))
    return arguments


def _received(rows: list[Any]) -> Status:
    """The pipelines' counters, added up. What waits in a raw stream counts as received, and as waiting in the inbox."""
    total = dict.fromkeys(("received", "routed", "invalid", "duplicate", "inbox_waiting"), 0)
    for flat, waiting, raw, _ in rows:
        counters = counters_of(flat)
        for name in ("received", "routed", "invalid", "duplicate"):
            total[name] += counters.get(name, 0)
        total["received"] += raw
        total["inbox_waiting"] += waiting + raw
    return total


def row_of(fleet: Registry, name: str, row: list[Any], now_ms: int) -> Status:
    """One integration's status, of what the script answered about it."""
    flat, waiting, aside, dead, hold, in_flight, _ = row
    counters = counters_of(flat)
    integration = fleet.get(name)
    accepted = counters.get("accepted", 0)
    return {
        "destination": destination_of(fleet, name, integration),
        "filtered": under(counters, "filtered"),
        "accepted": accepted,
        "delivered": counters.get("delivered", 0),
        "dropped": under(counters, "dropped"),
        "dead": dead,
        "waiting": waiting,
        "aside": aside,
        "in_flight": min(max(in_flight, 0), waiting + aside),
        "held": held(hold, now_ms),
        "balance": accepted - gone(counters) - dead - waiting - aside,
    }


def gone(counters: Mapping[str, int]) -> int:
    """How many events left an integration for good. Dead letters are still there, until they are purged."""
    return sum(counters.get(fate, 0) for fate in LEFT) + sum(under(counters, "dropped").values())


def destination_of(fleet: Registry, name: str, integration: Integration | None) -> str:
    """The destination's name, also of an integration that cannot be used."""
    return integration.destination.name if integration else fleet.document(name)["spec"]["destination"]


def counters_of(flat: list[bytes]) -> dict[str, int]:
    """A ledger as the script gives it: a flat list of fields and numbers."""
    return {name.decode(): int(number) for name, number in zip(flat[::2], flat[1::2], strict=True)}


def under(counters: Mapping[str, int], kind: str) -> dict[str, int]:
    """Counters such as ``filtered:consent``, by what comes after the colon."""
    return {name.partition(":")[2]: number for name, number in sorted(counters.items()) if name.startswith(f"{kind}:")}


def hold_of(flat: list[bytes]) -> dict[str, str]:
    """A hold as the script gives it; empty when there is none."""
    return {name.decode(): text.decode() for name, text in zip(flat[::2], flat[1::2], strict=True)}


def held(flat: list[bytes], now_ms: int) -> dict[str, Any] | None:
    """A hold as status shows it: why, and until when (None: until somebody ends it). One that ran out holds nothing."""
    hold = hold_of(flat)
    if not hold or int(hold["until"]) <= now_ms:
        return None
    until = int(hold["until"])
    endless = until - int(hold["since"]) >= FOREVER_MS
    return {"reason": f"{hold['kind']}: {hold['reason']}", "until": None if endless else iso(until)}
