"""Dead letters: events that will not be delivered as they are, with request, answer, reason and hint."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from destinations.form.integration import Integration
from destinations.form.masking import mask_text
from schemas.event import InvalidEvent
from workers.flights import Cut, Waiting
from workers.samples import masked_answer, masked_request, now
from workers.sending import Exchange

ANSWER_SHOWN = 32_768
REQUEST_SHOWN = 32_768
RAW_SHOWN = 131_072

Shown = dict[str, Any] | None
"""A request or an answer, masked, for people."""


def letter(
    integration: Integration,
    cut: Cut,
    member: Waiting,
    kind: str,
    reason: str,
    hint: str = "",
    exchange: Exchange | None = None,
) -> bytes:
    """The dead letter of one event. ``kind``: invalid, refused, expired, exhausted, in_doubt or bug.

    An ``exchange`` that took no time is one that somebody else began, and that was not carried out now.
    """
    moment, group = now(), cut.group
    request, answer = last_exchange(integration, cut, exchange)
    document: dict[str, Any] = {
        "integration": integration.name,
        "kind": kind,
        "event": orjson.Fragment(member.body),
        "entry": entry_of(member.id),
        "revision": group.revision if group and group.revision else integration.revision,
        "request": request,
        "answer": answer,
        "attempts": (group.tries if group else 0) + cut.takeovers + (1 if exchange and exchange.ms else 0),
        "first_at": iso(group.since) if group and group.since else moment,
        "last_at": moment,
        "reason": mask_text(reason, integration.secrets),
        "hint": hint,
        "replays": group.replays if group else 0,
    }
    return orjson.dumps(document)


def last_exchange(integration: Integration, cut: Cut, exchange: Exchange | None) -> tuple[Shown, Shown]:
    """Request and answer of the last attempt, which may have been made long before; masked."""
    if exchange is not None:
        answer = masked_answer(integration, exchange.answer, ANSWER_SHOWN)
        return masked_request(integration, exchange.request, REQUEST_SHOWN), answer
    if cut.last:
        kept = orjson.loads(cut.last)
        return kept["request"], kept["answer"]
    return None, None


def replay_id(entry: str, letter: str) -> str:
    """The id in a side lane of an event that is replayed: its place in its lane once, and the letter it comes from."""
    return f"{entry}.{letter}"


def entry_of(identifier: str) -> str:
    """An event's place in its lane, which tells the order it came in, also after replays."""
    return identifier.partition(".")[0]


def inbox_letter(pipeline: str, body: bytes, fault: InvalidEvent, received_at: str) -> bytes:
    """The dead letter of something that came in by a raw ``XADD`` and is no event."""
    return orjson.dumps(
        {
            "integration": None,
            "pipeline": pipeline,
            "kind": "invalid",
            "replays": 0,
            "event": body[:RAW_SHOWN].decode("utf-8", "replace"),
            "revision": None,
            "request": None,
            "answer": None,
            "attempts": 0,
            "first_at": received_at,
            "last_at": now(),
            "reason": str(fault),
            "hint": "Correct the producer; enqueue from Python refuses such events at once.",
        }
    )


def iso(milliseconds: int) -> str:
    """A moment of Redis's clock, ISO 8601 UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
