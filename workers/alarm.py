"""The alarm: Sentry hears of an integration that stays held, once an hour for the whole fleet."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
import sentry_sdk

from workers import keys, scripts
from workers.connection import redis
from workers.registry import Registry
from workers.settings import settings

LOOK_EVERY_MS = 5_000
TOLD_EVERY_MS = 3_600_000
ASKED_FOR = ("operator", "disabled")
"""Holds that people wanted."""

FIELDS = ("kind", "began", "until", "answer", "hint")
Hold = Mapping[str, str]


def ring_in_turn(fleet: Registry) -> None:
    """Look at all holds, in whichever worker's turn it is, and tell of those that need somebody.

    The mark that tells of it comes first: a crash in between costs a message, not a flood of them.
    """
    if not (settings().sentry_dsn and scripts.call(redis(), "turn", (keys.ALARM_TURN,), (LOOK_EVERY_MS,))):
        return
    now_ms, holds = _holds(fleet)
    for name, hold in holds.items():
        if _matters(hold, now_ms) and scripts.call(redis(), "turn", (keys.alarmed(name),), (TOLD_EVERY_MS,)):
            _tell(name, hold, now_ms)


def _holds(fleet: Registry) -> tuple[int, dict[str, Hold]]:
    """Now (ms), and the hold of every integration that has one."""
    with redis().pipeline(transaction=False) as pipe:
        pipe.time()
        for name in fleet.names:
            pipe.hmget(keys.hold(name), *FIELDS)
        (seconds, micros), *rows = pipe.execute()
    texts = {name: [(value or b"").decode() for value in row] for name, row in zip(fleet.names, rows, strict=True)}
    return seconds * 1000 + micros // 1000, {
        name: dict(zip(FIELDS, row, strict=True)) for name, row in texts.items() if row[0]
    }


def _matters(hold: Hold, now_ms: int) -> bool:
    if hold["kind"] in ASKED_FOR or int(hold["until"]) <= now_ms:
        return False
    return hold["kind"] == "setup" or now_ms - int(hold["began"] or now_ms) >= settings().alarm_seconds * 1000


def _tell(name: str, hold: Hold, now_ms: int) -> None:
    """The vendor's own words stay here: they may quote an event."""
    answer = orjson.loads(hold["answer"]) if hold["answer"] else None
    with sentry_sdk.new_scope() as scope:
        scope.fingerprint = ["held", name]
        scope.set_tag("integration", name)
        scope.set_tag("hold", hold["kind"])
        scope.set_extra("status", answer and answer["status"])
        scope.set_extra("seconds", (now_ms - int(hold["began"] or now_ms)) // 1000)
        scope.set_extra("hint", hold["hint"])
        scope.capture_message(f"{name} is held: {hold['kind']}. fleet status says more.", level="warning")
