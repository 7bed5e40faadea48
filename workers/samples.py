"""Samples: recent exchanges with a vendor, masked, for ``fleet tail``: every failure, and some successes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from destinations.form.integration import Integration
from destinations.form.masking import mask_request, mask_text
from destinations.form.parts import Answer, Verdict
from destinations.form.request import Request
from workers.flights import Waiting
from workers.process import per_process
from workers.sending import Exchange
from workers.settings import settings

SHOWN = 4_096
SHOWN_IDS = 20
LONGEST_FORM = 12
"""So many characters at most stand for one of a secret, percent-encoded or escaped."""


def now() -> str:
    """This moment, ISO 8601 UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def masked_request(integration: Integration, request: Request, most: int = SHOWN) -> dict[str, Any]:
    """A request for people: secrets masked, a body cut at ``most`` bytes."""
    payload = request.payload() or b""
    if len(payload) > most:
        body = _head(payload, integration.secrets, most)
        masked = mask_request(replace(request, json=None, form=None), integration.secrets)
    else:
        whole = request if request.form or not payload else replace(request, json=orjson.loads(payload))
        masked = mask_request(whole, integration.secrets)
        body = (masked.payload() or b"")[:most].decode("utf-8", "replace")
    return {"method": masked.method, "url": masked.url, "headers": dict(masked.headers), "body": body}


def _head(payload: bytes, secrets: Sequence[str], most: int) -> str:
    """The beginning of a large body, masked as text: masking all the values of a batch costs more than sending it.

    A secret that the end of what is looked at cuts in two would not be known: so more is looked at than is shown.
    """
    margin = LONGEST_FORM * max(map(len, secrets), default=0)
    text = mask_text(payload[: most + margin].decode("utf-8", "replace"), secrets)
    return text[: len(text) - margin].encode()[:most].decode("utf-8", "ignore")


def masked_answer(integration: Integration, answer: Answer | None, most: int = SHOWN) -> dict[str, Any] | None:
    """An answer for people: secrets masked, the body then cut at ``most`` bytes, so that none is left in part."""
    if answer is None:
        return None
    headers = {name: mask_text(value, integration.secrets) for name, value in answer.headers.items()}
    body = mask_text(answer.body.decode("utf-8", "replace"), integration.secrets).encode()[:most]
    return {"status": answer.status, "headers": headers, "body": body.decode("utf-8", "ignore")}


def sample(integration: Integration, exchange: Exchange, members: Sequence[Waiting]) -> bytes:
    """One exchange as kept; empty when enough successes were kept this second."""
    if exchange.reading.verdict is Verdict.DELIVERED and not quota().spend(integration.name):
        return b""
    return orjson.dumps(shown(integration, exchange, [member.message_id for member in members]))


def shown(integration: Integration, exchange: Exchange, message_ids: Sequence[str]) -> dict[str, Any]:
    """One exchange for people, masked."""
    reading = exchange.reading
    return {
        "at": now(),
        "integration": integration.name,
        "verdict": reading.verdict,
        "ms": round(exchange.ms, 1),
        "events": len(message_ids),
        "message_ids": message_ids[:SHOWN_IDS],
        "request": masked_request(integration, exchange.request),
        "answer": masked_answer(integration, exchange.answer),
        "reason": mask_text(reading.reason, integration.secrets),
        "hint": reading.hint,
        "note": reading.note,
    }


class Quota:
    """At most so many samples of successes a second and integration: masking one costs more than sending a request."""

    def __init__(self) -> None:
        self._second = 0
        self._spent: defaultdict[str, int] = defaultdict(int)

    def spend(self, integration: str) -> bool:
        """Whether one more may be kept now."""
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._spent.clear()
        self._spent[integration] += 1
        return self._spent[integration] <= settings().samples_per_second


@per_process
def quota() -> Quota:
    """This process's quota."""
    return Quota()
