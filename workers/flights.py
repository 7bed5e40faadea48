"""What one cut of a lane becomes: events read from its head, and the parcels they travel in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from destinations.form.integration import Integration
from destinations.form.keys import idempotency_key
from destinations.form.parts import Batch, Event, Record
from destinations.form.request import Request
from workers import scripts
from workers.connection import redis
from workers.lanes import Lane


@dataclass(slots=True)
class Waiting:
    """An event at the head of a lane: entry id, body, how often it was tried in vain and since when (ms)."""

    id: str
    body: bytes
    event: Event
    tries: int = 0
    since_ms: int = 0
    records: tuple[Record, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def message_id(self) -> str:
        """The event's message id."""
        return str(self.event["message_id"])

    @property
    def person(self) -> str:
        """Whose events must go one after another."""
        return str(self.event.get("anonymous_id") or self.event.get("user_id"))


@dataclass(slots=True)
class Parcel:
    """Events that travel in one request; an unbatched event with several records needs several, in order."""

    members: Sequence[Waiting]
    requests: Sequence[Request] = field(default_factory=tuple)

    @property
    def records(self) -> list[Record]:
        """The records of all members, in order."""
        return [record for member in self.members for record in member.records]

    @property
    def halves(self) -> tuple[Sequence[Waiting], Sequence[Waiting]]:
        """The members in two parts, order kept."""
        middle = (len(self.members) + 1) // 2
        return self.members[:middle], self.members[middle:]


def cut(lane: Lane, count: int) -> list[Waiting] | None:
    """Read up to ``count`` events from the head of a lane; None when the lane is no longer ours."""
    answer = scripts.call(redis(), "cut", (lane.state, lane.stream), (lane.token, count))
    if answer is None:
        return None
    entries, flat = answer
    state = dict(zip(flat[::2], flat[1::2], strict=True))
    return [_waiting(identifier, fields[1], state) for identifier, fields in entries]


def _waiting(identifier: bytes, body: bytes, state: dict[bytes, bytes]) -> Waiting:
    tries, since = state.get(b"tries:" + identifier, b"0"), state.get(b"since:" + identifier, b"0")
    return Waiting(identifier.decode(), body, orjson.loads(body), int(tries), int(since))


def pack(integration: Integration, members: Sequence[Waiting]) -> Parcel:
    """Build the request, or requests, that carry these events."""
    if integration.batch.events > 1:
        records = Parcel(members).records
        return Parcel(
            members, (integration.request(records, idempotency_key(member.message_id for member in members)),)
        )
    member = members[0]
    return Parcel(
        members,
        tuple(
            integration.request([record], idempotency_key(member.message_id for member in members))
            for record in member.records
        ),
    )


def oversize(parcel: Parcel, batch: Batch) -> bool:
    """Whether a parcel of several events is larger than the vendor takes."""
    if batch.bytes is None or len(parcel.members) < 2:
        return False
    return any(len(request.payload() or b"") > batch.bytes for request in parcel.requests)
