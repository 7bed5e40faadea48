"""Overview: what people want to know of each integration beside its ledger. No sums hang on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from destinations.form.catalog import catalog
from destinations.form.integration import Integration
from destinations.form.parts import Limit
from workers import keys
from workers.connection import redis
from workers.dead_letters import iso
from workers.ledger import under
from workers.registry import Registry

NAMES_LOOKED_UP = 20


@dataclass(frozen=True, slots=True)
class Overview:
    """What is known of one integration.

    ``label``     what people call it
    ``confirms``  whether the vendor's answer proves anything
    ``warned``    pre-flight warnings, ``unmapped`` event names: how many events had them, the most frequent first
    ``nearest``   the mapped event most like an unmapped one, of the most frequent
    ``dead``      deaths by kind
    ``oldest``    for how many seconds the oldest event waits
    ``hint``      what to do about its hold, ``since`` when it holds, ``answer`` the status that the vendor answered
    ``fault``     why it cannot be used
    ``bound``     how many events may wait; None is no limit
    ``blocks``    pipelines whose routing waits when so many do; none when the integration drops the newest instead
    """

    label: str
    confirms: bool
    limits: tuple[Limit, ...]
    lifted: bool
    warned: Mapping[str, int]
    unmapped: Mapping[str, int]
    nearest: Mapping[str, str]
    dead: Mapping[str, int]
    oldest: float | None
    hint: str
    since: str
    answer: str
    fault: str | None
    bound: int | None
    blocks: tuple[str, ...]


def overview(fleet: Registry) -> dict[str, Overview]:
    """An overview of every integration."""
    with redis().pipeline(transaction=False) as pipe:
        pipe.time()
        for name in fleet.names:
            pipe.hgetall(keys.warned(name))
            pipe.hgetall(keys.unmapped(name))
            pipe.hgetall(keys.ledger(name))
            pipe.hmget(keys.hold(name), "hint", "since", "answer")
            for lane in range(fleet.lanes):
                pipe.xrange(keys.waiting(name, lane), count=1)
        (seconds, _), *answers = pipe.execute()
    each = 4 + fleet.lanes
    return {
        name: _overview(fleet, name, answers[position * each : (position + 1) * each], seconds)
        for position, name in enumerate(fleet.names)
    }


def _overview(fleet: Registry, name: str, answers: list[Any], now: int) -> Overview:
    warned, unmapped, ledger, (hint, since, answer), *heads = answers
    integration, unknown = fleet.get(name), _counts(unmapped)
    return Overview(
        label=fleet.document(name)["spec"]["label"] or name,
        confirms=catalog()[fleet.document(name)["spec"]["destination"]].confirms,
        limits=(*integration.limits, *integration.tightened) if integration else (),
        lifted=bool(integration and not integration.limits),
        warned=_counts(warned),
        unmapped=unknown,
        nearest=_nearest(integration, unknown),
        dead=under(_counts(ledger), "dead"),
        oldest=_oldest(heads, now),
        hint=(hint or b"").decode(),
        since=iso(int(since)) if since else "",
        answer=_status(answer),
        fault=fleet.faults.get(name),
        bound=integration.max_waiting if integration else None,
        blocks=_blocks(fleet, name, integration),
    )


def _blocks(fleet: Registry, name: str, integration: Integration | None) -> tuple[str, ...]:
    if integration is None or integration.overflow != "block":
        return ()
    return tuple(pipeline for pipeline, names in fleet.pipelines.items() if name in names)


def _status(answer: bytes | None) -> str:
    """The status of the answer that caused a hold; empty when no answer did."""
    document = orjson.loads(answer) if answer else None
    return str(document["status"]) if document else ""


def _counts(answer: Mapping[bytes, bytes]) -> dict[str, int]:
    """A hash of counters, the largest first."""
    counts = {name.decode(): int(number) for name, number in answer.items()}
    return dict(sorted(counts.items(), key=lambda pair: -pair[1]))


def _nearest(integration: Integration | None, names: Mapping[str, int]) -> dict[str, str]:
    if integration is None:
        return {}
    blueprint = integration.blueprint
    return {name: found for name in islice(names, NAMES_LOOKED_UP) if (found := blueprint.nearest(name))}


def _oldest(heads: list[Any], now: int) -> float | None:
    ages = [now - int(head[0][0].partition(b"-")[0]) / 1000 for head in heads if head]
    return max(0.0, *ages) if ages else None
