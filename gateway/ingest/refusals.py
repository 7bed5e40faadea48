"""Why events are not taken, told so that published libraries understand it."""

from __future__ import annotations

from math import ceil
from typing import Any

from gateway.problems import RETRY_SECONDS, Answer, Problem, trouble
from workers.errors import NotKept, UnknownPipeline


class Refusal(Problem):
    """A problem that also stands where libraries look for it: ``code`` and ``message`` at the top.

    Some of them take an answer without these for a broken connection, and send a refused batch again and again.
    """

    def answer(self) -> Answer:
        """The body, the status, the headers."""
        body, status, headers = super().answer()
        return {**body, "code": self.code, "message": self.message}, status, headers


def unauthorized(message: str) -> Refusal:
    """Nobody we know."""
    return Refusal(401, "unauthorized", message, headers={"WWW-Authenticate": 'Basic realm="write key"'})


def too_large(most: int) -> Refusal:
    """More than one call may carry."""
    return Refusal(413, "too_large", f"the body is larger than {most:,} bytes; hand in fewer events at once")


def too_fast(seconds: float, rate: float) -> Refusal:
    """More than the write key may."""
    message = f"this write key may hand in {rate:g} events a second; try again in {seconds:.1f} s"
    return Refusal(429, "too_fast", message, headers={"Retry-After": str(ceil(seconds))})


def malformed(message: str, details: list[str] | None = None) -> Refusal:
    """A body that is not what the API takes."""
    return Refusal(400, "malformed", message, details)


def invalid(faults: list[dict[str, Any]]) -> Refusal:
    """Events of which none could be kept."""
    return Refusal(400, "invalid", "nothing was kept; details names each event and what is wrong with it", faults)


def not_kept(error: NotKept) -> Refusal:
    """What the producer says when Redis is full, away, or not what we know."""
    if isinstance(error, UnknownPipeline):
        return unauthorized("the pipeline of this write key is gone")
    return unavailable(str(error))


def of_redis(error: Exception) -> Answer:
    """Redis that is full or away, before it was asked to keep anything."""
    return unavailable(trouble(error)).answer()


def unavailable(message: str) -> Refusal:
    """What may be kept a little later."""
    return Refusal(503, "unavailable", message, headers={"Retry-After": str(RETRY_SECONDS)})
