"""What a vendor's answer means: its own reading first, then its statuses, then the table common to all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from destinations.form.destination import Destination
from destinations.form.numbers import number
from destinations.form.parts import Answer, Reading, Verdict
from destinations.form.resets import stated_at

_COMMON = {
    401: Verdict.SETUP,
    403: Verdict.SETUP,
    404: Verdict.SETUP,
    405: Verdict.SETUP,
    408: Verdict.TRANSIENT,
    410: Verdict.SETUP,
    425: Verdict.TRANSIENT,
    429: Verdict.THROTTLED,
}
_DELIVERED = Reading(Verdict.DELIVERED)
_MESSAGE_KEYS = ("detail", "message", "title", "error_description", "error", "reason", "errors")
_MESSAGE_LENGTH = 300


def read_answer(destination: Destination, answer: Answer, now: float) -> Reading:
    """Read ``answer`` as ``destination`` says; ``now`` (seconds since 1970) is for dates in an undated answer."""
    reading = destination.read(answer) if destination.read else None
    if reading is None:
        verdict = verdict_of(destination, answer.status)
        reading = _DELIVERED if verdict is Verdict.DELIVERED else Reading(verdict)
    if reading.verdict is Verdict.DELIVERED:
        return reading
    return replace(
        reading,
        reason=reading.reason or _reason(destination, answer),
        hint=reading.hint or destination.hints.get(answer.status, ""),
        retry_after=reading.retry_after if reading.retry_after is not None else retry_after(answer, now),
    )


def verdict_of(destination: Destination, status: int) -> Verdict:
    """What a status means for this vendor."""
    if status in destination.success:
        return Verdict.DELIVERED
    return destination.verdicts.get(status) or _COMMON.get(status) or _by_class(status)


def _by_class(status: int) -> Verdict:
    if 300 <= status < 400:
        return Verdict.SETUP
    return Verdict.INVALID if 400 <= status < 500 else Verdict.TRANSIENT


def retry_after(answer: Answer, now: float) -> float | None:
    """Seconds to wait by the Retry-After header, given in seconds or as an HTTP date; None without a readable one.

    A date is measured by the answer's own Date where it has one, else by ``now``.
    """
    text = answer.headers.get("retry-after", "").strip()
    seconds = number(text)
    if seconds is not None:
        return max(0.0, float(seconds))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    stated = stated_at(answer)
    until = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return max(0.0, until - (now if stated is None else stated))


def _reason(destination: Destination, answer: Answer) -> str:
    said = vendor_message(answer.body)
    status = f"{destination.title} answered {answer.status}"
    if 200 <= answer.status < 300:
        status += ", which is no answer it is known to give"
    return f"{status}: {said}" if said else status


def vendor_message(body: bytes) -> str:
    """What the vendor says for people in an error's body, in one short line; empty where it says nothing."""
    try:
        said = "; ".join(dict.fromkeys(_messages(orjson.loads(body))))
    except orjson.JSONDecodeError:
        said = "" if body[:1] in (b"<", b"\x00") or body[:3] == b"GIF" else body.decode(errors="replace")
    said = " ".join(said.split())
    return said if len(said) <= _MESSAGE_LENGTH else f"{said[:_MESSAGE_LENGTH]}…"


def _messages(value: Any) -> Iterator[str]:
    """The most telling texts in the usual shapes: ``{"message"}``, ``{"error"}``, JSON:API's ``{"errors": [...]}``."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _messages(item)
    elif isinstance(value, dict):
        telling = next((value[key] for key in _MESSAGE_KEYS if value.get(key)), None)
        yield from _with_pointer(value, telling)


def _with_pointer(value: dict[str, Any], telling: Any) -> Iterator[str]:
    source = value.get("source")
    pointer = source.get("pointer") if isinstance(source, dict) else None
    for text in _messages(telling):
        yield f"{text} ({pointer})" if pointer else text
