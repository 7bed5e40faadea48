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


def letter(
    integration: Integration,
    cut: Cut,
    member: Waiting,
    kind: str,
    reason: str,
    hint: str = "",
    exchange: Exchange | None = None,
) -> bytes:
    """The dead letter of one event. ``kind``: invalid, refused, expired, exhausted, in_doubt or bug."""
    moment, group = now(), cut.group
    document: dict[str, Any] = {
        "integration": integration.name,
        "kind": kind,
        "event": member.event,
        "revision": integration.revision,
        "request": masked_request(integration, exchange.request, REQUEST_SHOWN) if exchange else None,
        "answer": masked_answer(integration, exchange.answer, ANSWER_SHOWN) if exchange else None,
        "attempts": (group.tries if group else 0) + (1 if exchange else 0),
        "first_at": iso(group.since) if group and group.since else moment,
        "last_at": moment,
        "reason": mask_text(reason, integration.secrets),
        "hint": hint,
        "replays": group.replays if group else 0,
    }
    return orjson.dumps(document)


def inbox_letter(pipeline: str, body: bytes, fault: InvalidEvent, received_at: str) -> bytes:
    """The dead letter of something that came in by a raw ``XADD`` and is no event."""
    return orjson.dumps(
        {
            "integration": None,
            "pipeline": pipeline,
            "kind": "invalid",
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
