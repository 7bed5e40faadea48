"""Groups: what waits in a side lane. A request that failed stays together; what follows its person waits alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Group:
    """Events that stepped aside together.

    ``ids``      of its events, in order             ``persons``  whose they are, each once
    ``key``      idempotency key of their request; empty when they were never sent, or are to be packed anew
    ``tries``    how often they were tried in vain   ``since``    when first (ms); 0: not yet
    ``held``     how long the integration had been held in all at that time (ms): holds do not count as age
    ``doubt``    whether the vendor may have taken them already
    ``replays``  how often they were replayed from a dead letter
    ``revision`` of the integration whose mapping they are to have; 0: the one in force
    ``pace``     least time between two requests of replays (µs); 0: as fast as the limits allow
    """

    id: str
    ids: Sequence[str]
    persons: Sequence[str]
    key: str = ""
    tries: int = 0
    since: int = 0
    held: int = 0
    doubt: bool = False
    replays: int = 0
    revision: int = 0
    pace: int = 0

    def packed(self) -> bytes:
        """The group as stored."""
        return orjson.dumps(asdict(self))

    def tried(self, key: str, now_ms: int, held_ms: int, doubt: bool) -> Group:
        """The group after one more try in vain."""
        since, held = (self.since, self.held) if self.since else (now_ms, held_ms)
        return replace(self, key=key, tries=self.tries + 1, since=since, held=held, doubt=self.doubt or doubt)

    def part(self, ids: Sequence[str], persons: Sequence[str]) -> Group:
        """Some of its events as a group of their own: to be packed anew, with the same history."""
        return replace(self, id=ids[0], ids=list(ids), persons=list(dict.fromkeys(persons)), key="")

    def age_ms(self, now_ms: int, held_ms: int) -> int:
        """Time since the first try, not counting holds."""
        return now_ms - self.since - (held_ms - self.held) if self.since else 0


def unpack(text: bytes) -> Group:
    """A group as read."""
    document: dict[str, Any] = orjson.loads(text)
    return Group(**{name: document[name] for name in FIELDS if name in document})


FIELDS = tuple(field.name for field in fields(Group))
"""A later version may have stored more; during a rolling upgrade that is passed over."""
