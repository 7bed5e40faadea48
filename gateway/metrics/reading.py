"""Reading all that a scrape tells, in one round trip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from destinations.form.integration import Integration
from workers import keys, ledger, scripts
from workers.clearance import RECOVERY
from workers.connection import redis
from workers.limits import pace_of, window, windows
from workers.registry import Registry

Counters = Mapping[str, int]

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Window:
    """One window of a limit, and the share of it that is used up at this moment: at 1 the next request must wait."""

    account: str
    seconds: str
    requests_per_second: float
    use: float


@dataclass(frozen=True, slots=True)
class Row:
    """One integration.

    ``status``   its row of ``fleet status``          ``ledger``  its counters
    ``hold``     kind → seconds that it lasts by now   ``timing``  what its requests took (``workers.timing``)
    ``oldest``   seconds that its oldest event waits   ``pace``    share of its limits that its account goes at
    """

    status: ledger.Status
    ledger: Counters
    hold: Mapping[str, float]
    oldest: float
    timing: Counters
    pace: float
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline: its counters, what waits in its inbox, and its dead letters."""

    ledger: Counters
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True)
class Reading:
    """The fleet. ``memory`` is the share of Redis's memory in use, ``beat`` seconds since a worker's heartbeat."""

    pipelines: Mapping[str, Pipeline]
    integrations: Mapping[str, Row]
    memory: float | None
    beat: float | None


def read(fleet: Registry) -> Reading:
    """Read the fleet as it is now.

    Each integration is one atomic step of its own: with a hundred of them Redis would do nothing else for 20 ms.
    """
    fleet.refresh()
    text, sha = scripts.source("status")
    with redis().pipeline(transaction=False) as pipe:
        pipe.script_load(text)
        pipe.hmget(keys.FLEET, "memory", "beat")
        pipe.evalsha(sha, 0, *ledger.question(fleet, tuple(fleet.pipelines), ()))
        for name in fleet.names:
            _ask(pipe, sha, fleet, name)
        _, (memory, beat), (inboxes, _, now_ms), *rest = pipe.execute()
    answers = iter(rest)
    return Reading(
        {name: _pipeline(*inbox) for name, inbox in zip(fleet.pipelines, inboxes, strict=True)},
        {name: _row(fleet, name, answers) for name in fleet.names},
        int(memory) / 100 if memory else None,
        max(0, now_ms - int(beat)) / 1000 if beat else None,
    )


def _ask(pipe: Any, sha: str, fleet: Registry, name: str) -> None:
    """Two commands an integration, four when it has limits."""
    pipe.evalsha(sha, 0, *ledger.question(fleet, (), (name,)))
    pipe.hgetall(keys.timing(name))
    integration = fleet.get(name)
    if integration and _limited(integration):
        pipe.hmget(keys.pace(pace_of(integration)), "factor", "at")
        pipe.mget(windows(integration)[0])


def _pipeline(flat: list[bytes], waiting: int, raw: int, dead: int) -> Pipeline:
    return Pipeline(ledger.counters_of(flat), waiting + raw, dead)


def _row(fleet: Registry, name: str, answers: Iterator[Any]) -> Row:
    (_, (row,), now_ms), timing = next(answers), next(answers)
    flat, *_, hold, _, oldest = row
    integration = fleet.get(name)
    limits = (next(answers), next(answers)) if _limited(integration) else None
    return Row(
        status=ledger.row_of(fleet, name, row, now_ms),
        ledger=ledger.counters_of(flat),
        hold=_hold(ledger.hold_of(hold), now_ms),
        oldest=max(0.0, (now_ms - int(oldest.partition(b"-")[0])) / 1000) if oldest else 0.0,
        timing={field.decode(): int(number) for field, number in timing.items()},
        pace=_pace(limits[0], now_ms) if limits else 1.0,
        windows=_windows(integration, limits[1], now_ms) if integration and limits else (),
    )


def _limited(integration: Integration | None) -> bool:
    return integration is not None and bool(windows(integration)[0])


def _hold(hold: Mapping[str, str], now_ms: int) -> dict[str, float]:
    """One that ran out holds nothing."""
    if not hold or int(hold["until"]) <= now_ms:
        return {}
    return {hold["kind"]: (now_ms - int(hold.get("began") or hold["since"])) / 1000}


def _pace(pace: list[bytes | None], now_ms: int) -> float:
    """The pace as the limiter reckons it: it recovers by the full minute."""
    factor, at = pace
    return min(1.0, float(factor) + RECOVERY * max(0, (now_ms - int(at)) // MINUTE_MS)) if factor and at else 1.0


def _windows(integration: Integration, arrivals: list[bytes | None], now_ms: int) -> tuple[Window, ...]:
    """GCRA: as far as the next arrival lies ahead, of as far as it may."""
    accounts = [pace_of(integration)] * len(integration.limits) + [integration.name] * len(integration.tightened)
    limits = (*integration.limits, *integration.tightened)
    found = []
    for account, limit, arrival in zip(accounts, limits, arrivals, strict=True):
        each, burst = window(limit)
        ahead = max(0, int(arrival or 0) - now_ms * 1000)
        use = min(1.0, ahead / (each * burst))
        found.append(Window(account, f"{limit.seconds:g}", limit.requests / limit.seconds, use))
    return tuple(found)
