"""What passes between a client and a stand-in vendor: a call in, an answer out, a receipt for the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(slots=True)
class Call:
    """One request as it came over the wire.

    ``path`` is what follows the vendor's prefix, still percent-encoded; ``query`` is raw and without the ``?``.
    ``headers`` is case-insensitive. ``body`` is not decompressed. ``at`` is the arrival in epoch seconds.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass(frozen=True, slots=True)
class Answer:
    """One response. ``headers`` carries the Content-Type, too."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Receipt:
    """What a vendor did with a call it took: its answer, and the fate of every event in it.

    ``items``         the events kept, each as JSON
    ``discarded``     (reason, event as JSON) of events the vendor answers well to and then throws away
    ``deduplicated``  how many events the vendor recognised as repeats
    ``noted``         what the vendor silently changes or ignores, though it keeps the event
    """

    answer: Answer
    items: Sequence[bytes] = ()
    discarded: Sequence[tuple[str, bytes]] = ()
    deduplicated: int = 0
    noted: Sequence[str] = ()


class Refused(Exception):
    """The vendor says no: nothing of the call is kept. ``reason`` is short and stable, for counting."""

    def __init__(self, answer: Answer, reason: str) -> None:
        super().__init__(reason)
        self.answer = answer
        self.reason = reason


def json_answer(status: int, value: Any, content_type: str = "application/json", **headers: str) -> Answer:
    """An answer with a JSON body; further headers by keyword, ``_`` for ``-``."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS), {"Content-Type": content_type, **named})
