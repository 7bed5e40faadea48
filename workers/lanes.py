"""Lanes and their leases: who may work which lane, for how long, and when to look at it again."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import structlog

from workers import keys, scripts, tickets
from workers.connection import AWAY, own, redis
from workers.process import per_process
from workers.settings import settings
from workers.stopping import stopping
from workers.waker import ATTENDED_MS, summon, waker

log = structlog.get_logger(__name__)

RENEW_EVERY = 1.5
MARGIN = 4.0
PROBE_MS = 250
"""How long lanes wait while one of them probes a vendor whose hold ran out."""


@dataclass(slots=True, eq=False)
class Lane:
    """A leased lane. Until ``safe_until`` (monotonic seconds) the lease surely holds, by this process's clock."""

    queue: str
    member: str
    stream: str
    token: str
    revision: int
    nudges: str
    safe_until: float
    lease_ms: int
    probe: bool
    lost: threading.Event = field(default_factory=threading.Event)
    given_back: bool = False

    @property
    def state(self) -> str:
        """Key of the lane's state."""
        return keys.state(self.queue, self.member)

    @property
    def surely_ours(self) -> bool:
        """Whether the lease has not run out, as far as this process can tell by itself."""
        return not self.lost.is_set() and time.monotonic() <= self.safe_until

    def ours_for(self, seconds: float) -> bool:
        """Whether the lease surely lasts that long, renewing it when its rest is too short."""
        if not self.lost.is_set() and time.monotonic() + seconds > self.safe_until:
            self.renew()
        return not self.lost.is_set() and time.monotonic() + seconds <= self.safe_until

    def renew(self) -> None:
        """Prolong the lease, or learn that it is lost."""
        asked = time.monotonic()
        arguments = (self.token, self.member, self.lease_ms)
        if scripts.call(redis(), "renew", (self.state, keys.agenda(self.queue)), arguments):
            self.safe_until = asked + self.lease_ms / 1000
        else:
            self.lost.set()
            if not self.given_back:
                log.warning("lease lost", queue=self.queue, lane=self.member)


def stream_of(queue: str, member: str) -> str:
    """What waits behind a member of a queue's agenda: a lane's stream, or a side lane's due times."""
    if queue != keys.ROUTE:
        return keys.waiting(queue, member) if member.isdigit() else keys.due(queue, member)
    pipeline, _, lane = member.rpartition("/")
    return keys.raw(pipeline) if lane == keys.RAW else keys.inbox(pipeline, lane)


def lease(queue: str, request_seconds: float = 10.0) -> Lane | None:
    """Lease the most overdue lane of a queue, using up a ticket; None when nothing is due or it is held."""
    return look(queue, request_seconds)[0]


def look(queue: str, request_seconds: float, *, ticket: bool = True, listen_ms: int = 0) -> tuple[Lane | None, bool]:
    """Lease the most overdue lane of a queue; when there is none, whether to listen for ``listen_ms`` until one is due.

    A ``ticket`` that led here is used up. The lease outlasts a request that takes ``request_seconds`` by ``MARGIN``
    seconds.
    """
    token, asked = uuid.uuid4().hex, time.monotonic()
    lease_ms = int((request_seconds + MARGIN) * 1000)
    names = [keys.agenda(queue), keys.ticketed(queue), keys.hold(queue), keys.leases(queue), keys.REVISION]
    names += [keys.nudges(queue), keys.ledger(queue), keys.held(queue)]
    answer = scripts.call(
        own(),
        "lease",
        names,
        [token, lease_ms, keys.state(queue), ATTENDED_MS, PROBE_MS, int(ticket), listen_ms],
    )
    if answer[0] != b"lane":
        _wake_later(queue, int(answer[1]))
        return None, bool(answer[0] == b"listen")
    _, member, revision, nudges, probe = answer
    name = member.decode()
    lane = Lane(
        queue,
        name,
        stream_of(queue, name),
        token,
        int(revision),
        nudges.decode(),
        asked + lease_ms / 1000,
        lease_ms,
        bool(probe),
    )
    renewer().watch(lane)
    return lane, False


def due_lanes(queue: str, request_seconds: float = 10.0) -> Iterator[tuple[Lane, float]]:
    """Lease one lane of a queue after the other, until a ticket's time is used up or nothing is due for a while.

    Each comes with the end of that time (monotonic seconds), and must be given back before the next is asked for.
    A crash in between leaves lanes that are due and no ticket, which the heartbeat notices.
    """
    end, lane = time.monotonic() + settings().box_seconds, None
    waker().attend(queue)
    try:
        while lane := _next(queue, request_seconds, ticket=lane is None):
            yield lane, end
            if stopping() or time.monotonic() >= end:
                return
    finally:
        waker().leave(queue)
        if lane:
            summon([queue])


def _next(queue: str, request_seconds: float, *, ticket: bool) -> Lane | None:
    """The next lane, waiting a moment for one to become due. Whoever waited looks once more, heard or not."""
    linger, rung = settings().linger_seconds, True
    lane, listens = look(queue, request_seconds, ticket=ticket, listen_ms=int(linger * 1000))
    while listens and rung:
        tickets.publish_gathered()
        rung = own().blpop([keys.bell(queue)], linger) is not None
        lane, listens = look(queue, request_seconds, listen_ms=int(linger * 1000) if rung else 0)
    return lane


def _wake_later(queue: str, wait_ms: int) -> None:
    """Look again when the next lane is due, if that is soon."""
    if 0 < wait_ms < 60_000:
        waker().wake(queue, wait_ms / 1000)


def release(lane: Lane, park_ms: int = 0, sums: Sequence[scripts.Argument] = (), fault: str = "") -> int:
    """Give a lane back, parked for ``park_ms`` milliseconds; at 0 it is due at once when something waits in it.

    No ticket is issued: who gives a lane back looks for the next one, or summons somebody who does.
    ``sums``: fields of the queue's timing and what to add to them. After a ``fault`` that nobody foresaw the lane rests
    longer each time; how often in a row there was one.

    While Redis is away the lane is kept in mind, and given back as soon as it answers.
    """
    renewer().forget(lane)
    lane.given_back = True
    try:
        return give_back(lane, park_ms, sums, fault)
    except AWAY as error:
        log.warning("lane not given back yet: Redis is away", queue=lane.queue, lane=lane.member, error=str(error))
        renewer().give_back_later(lane, park_ms)
        return 0


def give_back(lane: Lane, park_ms: int, sums: Sequence[scripts.Argument] = (), fault: str = "") -> int:
    """Give a lane back, and see that its rest ends in time; how often in a row there was a fault."""
    names = [lane.state, keys.agenda(lane.queue), keys.leases(lane.queue), keys.nudges(lane.queue)]
    names += [lane.stream, keys.timing(lane.queue), keys.stumbles(lane.queue)]
    arguments = [lane.token, lane.member, park_ms, lane.nudges, fault, *sums]
    wait_ms, times = scripts.call(own(), "release", names, arguments)
    _wake_later(lane.queue, wait_ms)
    return int(times)


class Renewer:
    """One thread a process that renews the leases its workers hold, and gives back what Redis was away for."""

    def __init__(self) -> None:
        self._lanes: set[Lane] = set()
        self._over: dict[Lane, int] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name="renewer", daemon=True).start()

    def watch(self, lane: Lane) -> None:
        """Renew this lane's lease from now on."""
        with self._lock:
            self._lanes.add(lane)

    def forget(self, lane: Lane) -> None:
        """Renew it no longer."""
        with self._lock:
            self._lanes.discard(lane)

    def give_back_later(self, lane: Lane, park_ms: int) -> None:
        """Give it back when Redis answers again, unless its lease has run out by then."""
        with self._lock:
            self._over[lane] = park_ms

    def _run(self) -> None:
        while True:
            time.sleep(RENEW_EVERY)
            with self._lock:
                lanes = [lane for lane in self._lanes if not lane.lost.is_set()]
                over = dict(self._over)
            try:
                for lane in lanes:
                    lane.renew()
                for lane, park_ms in over.items():
                    self._give_back(lane, park_ms)
            except AWAY as error:
                log.warning("leases not renewed: Redis is away", error=str(error))

    def _give_back(self, lane: Lane, park_ms: int) -> None:
        if lane.ours_for(0):
            give_back(lane, park_ms)
            summon([lane.queue])
        with self._lock:
            self._over.pop(lane)


@per_process
def renewer() -> Renewer:
    """This process's renewer."""
    return Renewer()
