"""Replays that were asked for: workers carry them out. Each is a record in Redis, so a crash only delays it.

What is to be replayed is what matches when it is asked for: letters that are written later stay.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

import orjson

from workers import changes, keys, scripts, tickets
from workers.changes import Author
from workers.connection import redis
from workers.dead_letters import iso
from workers.letters import HIDDEN, Filter
from workers.settings import settings

MOST_OPEN = 10
KEPT = 100
"""So many replays are remembered."""


class TooMany(Exception):
    """So many replays are open already that no further one is taken."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: whose letters (None: everybody's), which, how many at the most, and how; see ``Terms``."""

    integration: str | None
    wanted: Filter
    limit: int | None = None
    then: bool = False
    force: bool = False
    rate: float | None = None

    def packed(self) -> bytes:
        """It, as kept; without the person, who is kept apart for as long as the replay is open."""
        hidden = replace(self.wanted, person=HIDDEN) if self.wanted.person else self.wanted
        return orjson.dumps(replace(self, wanted=hidden), default=sorted)

    @classmethod
    def unpack(cls, text: bytes, person: str | None = None) -> Asked:
        """It again."""
        document = orjson.loads(text)
        wanted = Filter(**{**document["wanted"], "ids": frozenset(document["wanted"]["ids"])})
        return cls(**{**document, "wanted": replace(wanted, person=person or wanted.person)})

    def told(self) -> dict[str, Any]:
        """It, for people."""
        terms = {name: value for name in ("limit", "then", "force", "rate") if (value := getattr(self, name))}
        return {"integration": self.integration, **self.wanted.told(), **terms}


Record = dict[str, Any]
"""A replay as shown: ``{"id", "state", "asked", "created_at", "started_at", "ended_at", "total", "moved", "left",
"error"}``; ``state`` is queued, running, done, cancelled or failed, ``total`` null until the letters are counted.
"""


def begin(asked: Asked, author: Author) -> str:
    """Ask for a replay; its id. ``TooMany``."""
    seconds, micros = redis().time()
    now_ms = seconds * 1000 + micros // 1000
    until_ms = min(asked.wanted.until_ms or now_ms, now_ms)
    asked = replace(asked, wanted=replace(asked.wanted, until_ms=until_ms))
    identifier = uuid.uuid4().hex
    noted = changes.packed(author, "replay begun", asked.integration or "every integration", asked.told())
    names = (keys.replay(identifier), keys.REPLAY_LIST, keys.agenda(keys.REPLAYS), keys.ticketed(keys.REPLAYS))
    arguments: list[scripts.Argument] = [identifier, asked.packed(), MOST_OPEN, KEPT, keys.replay()]
    arguments += [settings().ticket_ms, noted, settings().changes_kept, asked.wanted.person or ""]
    taken, wanted = scripts.call(redis(), "replay_begin", (*names, keys.CHANGES), arguments)
    if not taken:
        raise TooMany(f"{MOST_OPEN} replays are open already; wait for one, or cancel one")
    if wanted:
        tickets.publish([keys.REPLAYS])
    return identifier


def cancel(identifier: str, author: Author) -> bool | None:
    """Cancel a replay; False when it has ended already, None when there is none. What has moved, has moved."""
    noted = changes.packed(author, "replay cancelled", identifier)
    names = (keys.replay(identifier), keys.agenda(keys.REPLAYS), keys.CHANGES)
    answer = scripts.call(redis(), "replay_cancel", names, (identifier, noted, settings().changes_kept))
    return None if answer == -1 else bool(answer)


def find(identifier: str) -> Record | None:
    """One replay."""
    found: Any = redis().hgetall(keys.replay(identifier))
    return _shown(identifier, found) if found else None


def listed() -> list[Record]:
    """The replays remembered, the latest first."""
    ids: Any = redis().zrevrange(keys.REPLAY_LIST, 0, -1)
    return [record for one in ids if (record := find(one.decode()))]


def _shown(identifier: str, found: dict[bytes, bytes]) -> Record:
    known = {name.decode(): value for name, value in found.items()}
    moments = {f"{name}_at": iso(int(known[name])) if name in known else None for name in TIMES}
    return {
        "id": identifier,
        "state": "cancelling" if known["state"] == b"running" and "cancel" in known else known["state"].decode(),
        "asked": Asked.unpack(known["asked"]).told(),
        **moments,
        "total": int(known["total"]) if "total" in known else None,
        "moved": int(known["moved"]),
        "left": orjson.loads(known.get("left", b"{}")),
        "error": known.get("error", b"").decode() or None,
    }


TIMES = ("created", "started", "ended")
