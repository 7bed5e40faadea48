"""What one cut of a lane becomes: events, the cuts they were read in, and the parcels they travel in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from destinations.form.integration import Integration
from destinations.form.keys import idempotency_key
from destinations.form.parts import Batch, Event, Record
from destinations.form.request import Request
from workers.groups import Group


@dataclass(slots=True)
class Waiting:
    """An event that waits in a lane, or aside in a group: its id there, and the event as JSON.

    A parsed event takes six times the memory of its JSON, and hundreds wait for one answer: so it is not kept parsed.
    """

    id: str
    body: bytes
    group: str = ""
    records: Sequence[Record] = ()
    _message_id: str = field(default="", init=False, repr=False, compare=False)
    _person: str = field(default="", init=False, repr=False, compare=False)

    def read(self) -> Event:
        """The event, parsed anew each time."""
        event: Event = orjson.loads(self.body)
        self._message_id = str(event.get("message_id"))
        self._person = str(event.get("anonymous_id") or event.get("user_id"))
        return event

    @property
    def message_id(self) -> str:
        """The event's message id."""
        if not self._message_id:
            self.read()
        return self._message_id

    @property
    def person(self) -> str:
        """The enqueue key: whose events must go one after another."""
        if not self._person:
            self.read()
        return self._person

    @property
    def came_ms(self) -> int:
        """When it was appended to its lane, by Redis's clock."""
        return int(self.id.partition("-")[0])


@dataclass(slots=True)
class Cut:
    """Events read together. Fresh ones are packed as fits; those of a request sent before travel as they did then.

    ``key``        the idempotency key they travelled under; empty when they are fresh
    ``takeovers``  how often a worker vanished while sending them: above 0 their fate is in doubt
    ``group``      the group they form in a side lane
    ``expired``    whether they have been tried for too long
    ``fatal``      whether preparing them ended one worker after another
    ``now_ms``     when they were read, by Redis's clock
    ``limited_ms`` since when their lane waits for permits again and again; 0: it does not
    ``last``       their last exchange with the vendor, masked (JSON); empty when there was none
    """

    members: Sequence[Waiting]
    key: str = ""
    takeovers: int = 0
    group: Group | None = None
    expired: bool = False
    fatal: bool = False
    now_ms: int = 0
    limited_ms: int = 0
    last: bytes = b""


@dataclass(slots=True)
class Parcel:
    """Events that travel in one request, with its records; an unbatched event with several records needs several."""

    members: Sequence[Waiting]
    requests: Sequence[tuple[Request, Sequence[Record]]]
    key: str
    cut: Cut

    @property
    def mark(self) -> str:
        """Under what the lane's state notes that it is being sent."""
        return self.cut.group.id if self.cut.group else self.key

    @property
    def tries(self) -> int:
        """How often its events were tried in vain before."""
        return self.cut.group.tries if self.cut.group else 0

    @property
    def since_ms(self) -> int:
        """When they were first tried in vain; 0: not yet."""
        return self.cut.group.since if self.cut.group else 0


@dataclass(slots=True)
class Failing:
    """How an integration does: requests that failed in a row, and of how many persons."""

    in_a_row: int = 0
    persons: int = 0


def halves(members: Sequence[Waiting]) -> list[Sequence[Waiting]]:
    """Events in two parts, order kept."""
    middle = (len(members) + 1) // 2
    return [members[:middle], members[middle:]]


def pack(integration: Integration, members: Sequence[Waiting], cut: Cut) -> Parcel:
    """Build the request, or requests, that carry these events, under the key they travelled under before."""
    key = cut.key or idempotency_key(member.message_id for member in members)
    records = [record for member in members for record in member.records]
    loads = [records] if integration.batch.events > 1 else [[record] for record in records]
    requests = [(integration.request(load, key), load) for load in loads]
    return Parcel(members, requests, key, cut)


def seal(parcel: Parcel) -> None:
    """Keep nothing of a batch's records but the encoded body: it waits for the vendor's answer without them."""
    for request, _ in parcel.requests:
        request.seal()
    parcel.requests = [(request, ()) for request, _ in parcel.requests]
    for member in parcel.members:
        member.records = ()


def oversize(parcel: Parcel, batch: Batch) -> bool:
    """Whether a parcel of several events is larger than the vendor takes."""
    if batch.bytes is None or len(parcel.members) < 2:
        return False
    return any(len(request.payload() or b"") > batch.bytes for request, _ in parcel.requests)


@dataclass(frozen=True, slots=True)
class Settlement:
    """One fate for some events: what is counted, and what is kept of it."""

    members: Sequence[Waiting]
    fate: str
    note: str = ""
    sample: bytes = b""
    letters: Sequence[bytes] = ()
    mark: str = ""
