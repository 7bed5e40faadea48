"""The router: gives each integration of a pipeline its copy of an inbox event, or counts why not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Semaphore
from typing import Any

import orjson
import structlog
from redis.exceptions import OutOfMemoryError

from destinations.form.integration import Integration
from schemas.event import Event
from workers import keys, repeats, scripts, tickets
from workers.connection import own
from workers.dead_letters import inbox_letter
from workers.drain import drain
from workers.incoming import Entry, read
from workers.lanes import Lane, due_lanes
from workers.people import People
from workers.plan import Plan, Share
from workers.process import per_process
from workers.registry import registry
from workers.settings import settings
from workers.stopping import in_hand, stopping
from workers.streams import Flat
from workers.stumbles import work_on
from workers.tombstones import Tombstones, scores

log = structlog.get_logger(__name__)

BATCH = 500
COPIES = 5_000
"""Copies of events that one step makes at the most: about 15 ms, in which Redis answers nobody else."""

AT_ONCE = 4
"""So many batches at once in a process: more only take turns at its interpreter, and some MB of memory each."""

FULL_PAUSE_MS = 1_000
BLOCKED_PAUSE_MS = 500
STEP_SECONDS = 2.0
"""How long a batch may take at the most; a lease outlasts it, and is renewed while batches follow."""


class Blocked(Exception):
    """A pipeline waits for room, which the message names."""


class Full(Exception):
    """Redis is so full that only deliveries may go on."""


def route() -> dict[str, Any]:
    """Work inbox lanes for about a second, the most overdue first; a summary for Flower."""
    last, routed = None, 0
    with in_hand(), tickets.gathered():
        for lane, end in () if stopping() else due_lanes(keys.ROUTE, STEP_SECONDS):
            last, routed = lane.member, routed + work(lane, end)
    return {"lane": last, "events": routed}


def work(lane: Lane, end: float) -> int:
    """Work a leased inbox lane until a moment (monotonic seconds) and give it back; how many events were routed."""
    routed = 0
    with work_on(lane) as ending:
        try:
            for moved in steps(lane, end):
                routed += moved
        except Full:
            ending.park_ms = FULL_PAUSE_MS
        except Blocked as blocked:
            log.info("routing pauses for want of room", place=str(blocked))
            ending.park_ms = BLOCKED_PAUSE_MS
        except OutOfMemoryError:
            log.error("Redis is out of memory: routing pauses, deliveries go on")
            ending.park_ms = FULL_PAUSE_MS
    return routed


def steps(lane: Lane, end: float) -> Iterator[int]:
    """Batches moved one after another, until time is up or nothing is left. Raises ``Full`` and ``Blocked``."""
    step = drain_batch if lane.member.endswith(f"/{keys.RAW}") else route_batch
    while time.monotonic() < end and not (lane.lost.is_set() or stopping()):
        moved = step(lane)
        if not moved:
            return
        yield moved


def route_batch(lane: Lane) -> int:
    """Route events from the head of a lane; how many left it. What was read too early is read anew, in a turn anew."""
    moved = None
    while moved is None and not (lane.lost.is_set() or stopping()):
        with at_once():
            batch = read_batch(lane)
            moved = batch.carry_out() if batch else 0
    return moved or 0


@per_process
def at_once() -> Semaphore:
    """This process's turns at routing a batch."""
    return Semaphore(AT_ONCE)


def read_batch(lane: Lane) -> Batch | None:
    """The events at the head of a lane; None when there are none, or the lane is somebody else's."""
    names = (lane.state, lane.stream, keys.FORGETTINGS, keys.TOMBSTONES, keys.FLEET)
    answer = scripts.call(own(), "cut", names, (lane.token, batch_size(lane)))
    if not answer:
        return None
    count, now_ms, forgettings, any_tombstones, percent = answer
    check_memory(percent)
    if not count:
        return None
    entries: Any = own().xrange(lane.stream, count=count)
    return Batch(lane, entries, now_ms, forgettings.decode(), bool(any_tombstones)) if entries else None


def batch_size(lane: Lane) -> int:
    """How many events are routed in one step: fewer where each makes many copies."""
    integrations = registry().at(lane.revision).pipelines.get(lane.member.rpartition("/")[0], ())
    return max(1, min(BATCH, COPIES // max(1, len(integrations))))


def drain_batch(lane: Lane) -> int:
    """Drain a batch of a raw stream; how many events left it."""
    check_memory(own().hget(keys.FLEET, "memory"))
    return drain(lane)


def check_memory(percent: Any) -> None:
    """Raise ``Full`` when Redis is, by what a heartbeat noted last."""
    if int(percent or 0) >= settings().stop_percent:
        raise Full


@dataclass(slots=True)
class Batch:
    """Entries from the head of one inbox lane on their way to the integrations.

    ``forgettings``     how many there had been before they were read
    ``any_tombstones``  whether there were any then
    """

    lane: Lane
    raw: list[Flat]
    now_ms: int
    forgettings: str
    any_tombstones: bool

    @property
    def pipeline(self) -> str:
        """The pipeline whose inbox this is."""
        return self.lane.member.rpartition("/")[0]

    def carry_out(self) -> int | None:
        """Plan and route the batch; how many entries left. Once more when a message of it was routed before.

        None when a person was forgotten, some of the entries may be gone, or an integration deleted: read it anew.
        """
        sets = repeats.mark_sets(self.pipeline, self.now_ms)
        known: set[str] = set()
        while True:
            entries = [read(entry) for entry in self.raw]
            people = People()
            plan = self._planned(entries, known, people)
            word, *rest = self._run(plan, people, sets)
            if word == b"repeat":
                known.update(digest.decode() for digest in rest)
                continue
            if word == b"stale":
                registry().refresh()
                return None
            if word == b"blocked":
                position, room = rest
                self._shorten(list(plan.shares)[position], room)
                continue
            if word == b"full":
                self._leave_invalid(entries, rest[0])
                continue
            if word == b"lost":
                self.lane.lost.set()
                return 0
            names = list(plan.shares)
            tickets.publish(names[position] for position in rest[1:])
            return int(rest[0])

    def _shorten(self, name: str, room: int) -> None:
        """Route no more than an integration has room for; raise ``Blocked`` when it has none."""
        if not room:
            raise Blocked(name)
        self.raw = self.raw[:room]

    def _leave_invalid(self, entries: list[Entry], room: int) -> None:
        """Route no more than has room among the dead letters; raise ``Blocked`` when the first is one too many."""
        invalid = [index for index, entry in enumerate(entries) if entry.fault]
        if not invalid[room]:
            raise Blocked(f"dead letters of inbox/{self.pipeline}")
        self.raw = self.raw[: invalid[room]]

    def _planned(self, entries: list[Entry], known: set[str], people: People) -> Plan:
        fleet = registry().at(self.lane.revision)
        names = fleet.pipelines[self.pipeline]
        ready = [(name, integration) for name in names if (integration := fleet.get(name))]
        plan = Plan({name: Share() for name in names}, lanes=fleet.lanes, forgettings=self.forgettings)
        for name, integration in ready:
            plan.shares[name].max_waiting = integration.max_waiting
            plan.shares[name].drops = integration.overflow == "drop"
        unready = [name for name in names if fleet.get(name) is None]
        mentioned = [name for entry in entries for name in entry.persons]
        stones = Tombstones(self.forgettings, scores(mentioned) if self.any_tombstones else {})
        people.read(mentioned)
        known = set(known)
        plan.last = entries[-1].id.decode()
        for entry in entries:
            digest = entry.digest
            if entry.event is None:
                self._bury(plan, entry)
            elif stones.forgotten and stones.bars(entry.persons, entry.came_ms):
                plan.forget(entry.event["message_id"])
            elif digest in known:
                repeated(plan, entry.event)
            else:
                known.add(digest)
                plan.digests.append(digest)
                given = people.carry(entry.event, self.now_ms, entry.persons)
                give(plan, entry.event, None if given else entry.normal, ready, unready)
        plan.counts["routed"] += len(plan.digests)
        return plan

    def _bury(self, plan: Plan, entry: Entry) -> None:
        assert entry.fault is not None
        plan.counts["invalid"] += 1
        plan.letters.append(inbox_letter(self.pipeline, entry.body, entry.fault, entry.received_at))
        plan.fates.setdefault(("", "invalid", str(entry.fault)[:500]), []).append(entry.id.decode())

    def _run(self, plan: Plan, people: People, sets: list[str]) -> list[Any]:
        changes = people.changes()
        lane_number = self.lane.member.rpartition("/")[2]
        names = [self.lane.state, self.lane.stream, keys.pipeline_ledger(self.pipeline), keys.inbox_dead(self.pipeline)]
        names += [keys.FATES, keys.FATES_COUNT, keys.FORGETTINGS, keys.INTEGRATIONS, *sets]
        for name in plan.shares:
            names += [keys.agenda(name), keys.ticketed(name), keys.waiting(name, lane_number)]
            names += [keys.ledger(name), keys.unmapped(name)]
        names += [key for key, _ in changes]
        packed = plan.packed(lane_number, len(sets), repeats.KEEP_MS, [fields for _, fields in changes])
        return list(scripts.call(own(), "route", names, [self.lane.token, packed, *plan.bodies]))


def repeated(plan: Plan, event: Event) -> None:
    """Count a repeated message, at every integration that would have had it."""
    plan.counts["duplicate"] += 1
    for name in plan.shares:
        plan.filter(name, "duplicate", event["message_id"])


def give(
    plan: Plan, event: Event, body: bytes | None, ready: list[tuple[str, Integration]], unready: list[str]
) -> None:
    """Decide for every integration whether it gets the event; for one that cannot be read now, deliver decides.

    ``body``: the event as JSON, where it is known.
    """
    accepted = list(unready)
    for name, integration in ready:
        outcome = integration.screen(event)
        if outcome is None:
            accepted.append(name)
        else:
            plan.filter(name, outcome.reason, event["message_id"])
            if outcome.reason == "unmapped":
                plan.shares[name].unmapped[event.get("event") or event["type"]] += 1
    if accepted:
        plan.accept(body or orjson.dumps(event), accepted, event["message_id"])
