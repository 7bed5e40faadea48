"""Trace what waits aside: failed requests before their next try, who must not overtake them, and replays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from workers import keys
from workers.connection import redis
from workers.dead_letters import entry_of, iso
from workers.groups import Group, unpack
from workers.incoming import arrival

BEHIND_MS = 9_000_000_000_000_000
"""When a group is due that stands behind another of its person (see ``lua/lib/aside.lua``)."""

CHUNK = 500
WHAT = {keys.ASIDE: "waiting aside", keys.REPLAY: "waiting to be replayed"}


def aside(name: str, kind: str, lanes: int, message_id: str) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """The events with this message id in an integration's side lanes of a kind: each as kept, and where it stands."""
    written = orjson.dumps(message_id)[1:-1]
    for lane in range(lanes):
        member = f"{lane}{kind}"
        for identifier, body in redis().hscan_iter(keys.events(name, member), count=CHUNK):
            if written in body and orjson.loads(body).get("message_id") == message_id:
                entry = identifier.decode()
                step = {"at": arrival(entry_of(entry)), "what": WHAT[kind], "lane": member, "entry": entry}
                yield body, step | _standing(name, member, entry)


def _standing(name: str, member: str, identifier: str) -> dict[str, Any]:
    """What its group has been through, and when it is tried next; nothing when it went on meanwhile."""
    group = _group(name, member, identifier)
    if group is None:
        return {}
    score: Any = redis().zscore(keys.due(name, member), group.id)
    due_ms = int(score or 0)
    behind = due_ms >= BEHIND_MS
    known = {"tries": group.tries, "in_doubt": group.doubt, "replays": group.replays, "behind_its_person": behind}
    return {**known, "together": len(group.ids), "next_at": iso(due_ms) if due_ms and not behind else None}


def _group(name: str, member: str, identifier: str) -> Group | None:
    for _, text in redis().hscan_iter(keys.groups(name, member), count=CHUNK):
        group = unpack(text)
        if identifier in group.ids:
            return group
    return None
