"""Draining a raw stream: events added with a plain ``XADD`` move to the inbox lanes their keys choose.

The wire format for other languages: ``XADD fleet:1:raw:<pipeline> * event '<one event as JSON>'``.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import orjson

from workers import keys, scripts, tickets
from workers.connection import redis
from workers.lanes import Lane
from workers.producer import lane_of
from workers.registry import registry
from workers.settings import settings

BATCH = 500


def drain(lane: Lane) -> int:
    """Move up to ``BATCH`` entries of a leased raw stream; how many were moved."""
    entries: Any = redis().xrange(lane.stream, count=BATCH)
    if not entries:
        return 0
    pipeline = lane.member.rpartition("/")[0]
    lanes = registry().at(lane.revision).lanes
    by_lane: dict[int, list[bytes]] = {}
    for identifier, fields in entries:
        body = raw_body(fields)
        by_lane.setdefault(raw_lane(body, lanes), []).extend((identifier, body))
    return _move(lane, pipeline, by_lane)


def raw_body(fields: dict[bytes, bytes]) -> bytes:
    """The event of a raw entry; without a field ``event`` all its fields, for its dead letter to show."""
    body = fields.get(b"event")
    if body is not None:
        return body
    return orjson.dumps(
        {name.decode("utf8", "replace"): text.decode("utf8", "replace") for name, text in fields.items()}
    )


def raw_lane(body: bytes, lanes: int) -> int:
    """The lane of an event nobody has checked yet; what is no event at all goes by its bytes."""
    try:
        raw: Any = orjson.loads(body)
        either = {
            "anonymous_id": raw.get("anonymous_id") or raw.get("anonymousId"),
            "user_id": raw.get("user_id") or raw.get("userId"),
        }
        return lane_of({name: str(value) for name, value in either.items() if value}, lanes)
    except (orjson.JSONDecodeError, AttributeError, KeyError):
        return crc32(body) % lanes


def _move(lane: Lane, pipeline: str, by_lane: dict[int, list[bytes]]) -> int:
    names = [
        lane.state,
        lane.stream,
        keys.agenda(keys.ROUTE),
        keys.ticketed(keys.ROUTE),
        keys.pipeline_ledger(pipeline),
    ]
    names += [keys.inbox(pipeline, number) for number in by_lane]
    arguments: list[scripts.Argument] = [lane.token, settings().ticket_ms]
    for number, pairs in by_lane.items():
        arguments += [f"{pipeline}/{number}", len(pairs) // 2, *pairs]
    moved, wanted = scripts.call(redis(), "drain", names, arguments)
    if wanted == 1:
        tickets.publish([keys.ROUTE])
    return max(0, int(moved))
