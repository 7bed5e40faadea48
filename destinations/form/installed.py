"""An integration: a destination installed under a name, with credentials, a mapping, and limits of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from destinations.form.answers import read_answer
from destinations.form.blueprint import CompiledBlueprint
from destinations.form.consent import lacking
from destinations.form.destination import Destination
from destinations.form.parts import Answer, Batch, Config, Draft, Drop, Event, Limit, Outcome, Reading, Record, Reject
from destinations.form.request import Request
from destinations.form.switches import allow


@dataclass(frozen=True, slots=True, eq=False)
class Integration:
    """What ``install`` makes of a valid spec; everything the engine asks of a vendor goes through it.

    ``origin``     scheme and host, without a trailing slash: the vendor's, or ``base_url``
    ``account``    opaque; integrations with the same one share the vendor's limits
    ``limits``     the vendor's, per account (none when lifted); ``tightened`` are this integration's own
    ``timeout``    seconds to connect, and in total
    ``max_wait``   seconds an event may wait untried, ``max_waiting`` how many events may wait; None is no limit
    ``secrets``    values that must never be shown
    ``spec``       the loaded spec it was installed from
    """

    name: str
    destination: Destination
    config: Config = field(repr=False)
    origin: str
    variant: str
    blueprint: CompiledBlueprint
    consent: tuple[str, ...]
    on_missing_consent: str
    account: str
    limits: tuple[Limit, ...]
    tightened: tuple[Limit, ...]
    batch: Batch
    timeout: tuple[float, float]
    enabled: bool
    max_waiting: int | None
    overflow: str
    max_wait: float | None
    on_doubt: str
    label: str
    secrets: tuple[str, ...] = field(repr=False)
    revision: int
    spec: Mapping[str, Any] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """What an event's own switches may call it, the closest one first: name, label, the vendor's."""
        return self.name, self.label, self.destination.title, self.destination.name

    def screen(self, event: Event, known_consent: Mapping[str, bool] | None = None) -> Outcome | None:
        """Decide quickly whether ``event`` is for this integration: None, or why it is filtered."""
        switches = event.get("integrations")
        if switches and not allow(switches, self.names):
            return Outcome("drop", reason="integrations", detail="the event's own integrations switch it off")
        if self.consent:
            missing = lacking(self.consent, event, known_consent, self.on_missing_consent)
            if missing:
                return Outcome("drop", reason="consent", detail=f"not granted: {', '.join(missing)}")
        drop = self.blueprint.filtered(event)
        return None if drop is None else Outcome("drop", reason=drop.reason, detail=drop.detail)

    def transform(self, event: Event) -> Outcome:
        """Make the vendor's records of ``event``, or say why not. An exception is a bug in the destination's file."""
        try:
            draft = self.blueprint.apply(event, self.config)
        except Drop as drop:
            return Outcome("drop", reason=drop.reason, detail=drop.detail)
        try:
            records = tuple(self.destination.finish(draft))
        except Drop as drop:
            return _noted(Outcome("drop", reason=drop.reason, detail=drop.detail), draft)
        except Reject as reject:
            return _noted(Outcome("reject", reason="invalid", detail=str(reject)), draft)
        return Outcome("send", records, "", "", tuple(draft.repairs), tuple(draft.warnings))

    def request(self, records: Sequence[Record], key: str) -> Request:
        """One HTTP request for ``records``; ``key`` is the idempotency key (a UUID), the same at every attempt."""
        return self.destination.request(records, self, key)

    def read(self, answer: Answer) -> Reading:
        """What the vendor's answer means."""
        return read_answer(self.destination, answer, time.time())


def _noted(outcome: Outcome, draft: Draft) -> Outcome:
    """With what was repaired and warned about before it was decided."""
    return replace(outcome, repairs=tuple(draft.repairs), warnings=tuple(draft.warnings))
