"""Faults on demand: a vendor that fails, stalls or cuts the line, repeatably under a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from destinations.sandbox.bodies import plain_body
from destinations.sandbox.exchange import Answer, Call
from destinations.sandbox.limits import Window
from destinations.sandbox.vendor import Vendor

MOST_SEARCHED = 100_000_000
"""Bytes of a decompressed body that ``match`` looks into."""

OUTCOMES = ("status", "reset", "accept_then_reset", "accept_then_hang")


@dataclass
class Fault:
    """One fault: when it strikes, and what then happens.

    It strikes a call with probability ``rate``, at most ``times`` times, and only if ``match`` occurs in the query
    or the (decompressed) body. Then, after ``latency_ms``: ``status`` answers so and keeps nothing; ``reset`` cuts the
    connection and keeps nothing; ``accept_then_reset`` and ``accept_then_hang`` keep the events and never answer.
    With none of these only the answer is late; what it says was decided on arrival.
    """

    status: int | None = None
    rate: float = 1.0
    latency_ms: float = 0.0
    reset: bool = False
    accept_then_reset: bool = False
    accept_then_hang: bool = False
    retry_after: float | int | str | None = None
    body: Any = None
    content_type: str | None = None
    seed: int = 0
    times: int | None = None
    match: str | None = None
    hits: int = 0
    dice: random.Random = field(default_factory=random.Random, repr=False)

    @property
    def keeps(self) -> bool:
        """Whether the vendor still takes the events."""
        return self.status is None and not self.reset

    @property
    def decides(self) -> bool:
        """Whether it is more than latency."""
        return not self.keeps or self.accept_then_reset or self.accept_then_hang

    def strikes(self, call: Call) -> bool:
        """Whether it befalls this call. The dice fall once a matching call, so a seed gives one sequence."""
        if self.match is not None and self.match.encode() not in _searchable(call):
            return False
        struck = self.rate >= 1.0 or self.dice.random() < self.rate
        return struck and (self.times is None or self.hits < self.times)

    def answer(self, vendor: Vendor, at: float) -> Answer:
        """The answer of a ``status`` fault: the vendor's own error, with what the fault says otherwise."""
        status = self.status or 500
        wait = float(self.retry_after) if isinstance(self.retry_after, (int, float)) else 1.0
        over = status == 429
        known = vendor.throttled(Window(0, 0, wait, at + wait)) if over else vendor.error(status, "Injected fault.")
        headers = dict(known.headers)
        if self.content_type is not None:
            headers["Content-Type"] = self.content_type
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return Answer(status, known.body if self.body is None else _encoded(self.body), headers)


class FaultSchema(Schema):
    """The JSON of one fault; every mistake in it is reported at once."""

    status = fields.Int(strict=True, validate=validate.Range(200, 599))
    rate = fields.Float(validate=validate.Range(0, 1))
    latency_ms = fields.Float(validate=validate.Range(0))
    reset = fields.Bool()
    accept_then_reset = fields.Bool()
    accept_then_hang = fields.Bool()
    retry_after = fields.Raw()
    body = fields.Raw()
    content_type = fields.Str()
    seed = fields.Int(strict=True)
    times = fields.Int(strict=True, validate=validate.Range(1))
    match = fields.Str(validate=validate.Length(1))

    @validates_schema
    def one_outcome(self, data: dict[str, Any], **_: Any) -> None:
        """A fault does one thing, or is only late."""
        chosen = [name for name in OUTCOMES if data.get(name)]
        if len(chosen) > 1:
            raise ValidationError(f"Only one of {', '.join(OUTCOMES)}; got {', '.join(chosen)}.")
        if not chosen and not data.get("latency_ms"):
            raise ValidationError(f"Nothing would happen: give latency_ms or one of {', '.join(OUTCOMES)}.")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Fault:
        """The fault itself."""
        return Fault(**data)


class Faults:
    """The faults set on one vendor. Where several strike one call, the first that decides does, latencies add up."""

    def __init__(self) -> None:
        self.all: tuple[Fault, ...] = ()

    def set(self, faults: Sequence[Fault]) -> None:
        """Replace the faults; each rolls dice of its own, so that equal seeds do not strike together."""
        for index, fault in enumerate(faults):
            fault.dice = random.Random(f"{fault.seed}:{index}")
        self.all = tuple(faults)

    def draw(self, call: Call) -> tuple[Fault | None, float]:
        """What befalls a call: the deciding fault, if any, and the seconds its answer is late."""
        decided, late = None, 0.0
        for fault in self.all:
            if not fault.strikes(call) or (fault.decides and decided is not None):
                continue
            fault.hits += 1
            late += fault.latency_ms / 1000
            if fault.decides:
                decided = fault
        return decided, late


def _searchable(call: Call) -> bytes:
    try:
        body = plain_body(call, MOST_SEARCHED)
    except ValueError:
        body = call.body
    return call.query.encode() + b"\n" + body


def _encoded(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else orjson.dumps(body)
