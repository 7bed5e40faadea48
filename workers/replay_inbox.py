"""Replay of an inbox's dead letters: what is a valid event by now goes back into the inbox, and is routed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import orjson
from redis.exceptions import ResponseError

from schemas.event import Event, InvalidEvent, load_event
from workers import keys, scripts, tickets
from workers.letters import Found
from workers.producer import lane_of
from workers.registry import Registry
from workers.replay import BATCH, NOTE, run
from workers.settings import settings


class PipelineGone(Exception):
    """The pipeline was removed meanwhile."""


@dataclass(slots=True)
class InboxShare:
    """Letters of a pipeline's inbox that are valid events by now, and why the others are not."""

    pipeline: str
    entries: list[tuple[str, Event]] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)

    def pick(self, found: Found) -> bool:
        """Take a letter into the share, or count why not."""
        try:
            self.entries.append((found.entry, revived(found)))
        except InvalidEvent as fault:
            self.left[f"still invalid: {fault}; export, correct and import them"] += 1
            return False
        return True


def revived(found: Found) -> Event:
    """The event that a letter of an inbox holds. ``InvalidEvent`` when it still is none."""
    try:
        raw = orjson.loads(found.letter["event"])
    except orjson.JSONDecodeError as error:
        raise InvalidEvent([f"event: not JSON ({error})"]) from error
    return load_event(raw, received_at=found.letter["first_at"])


def replay_inbox(share: InboxShare, fleet: Registry, asked: str = "") -> Iterator[int]:
    """Move a share back into the inbox, batch after batch: how many letters each moved. ``asked``: as in ``Terms``."""
    for start in range(0, len(share.entries), BATCH):
        yield _move(share.pipeline, fleet.lanes, share.entries[start : start + BATCH], asked)


def _move(pipeline: str, lanes: int, batch: Iterable[tuple[str, Event]], asked: str) -> int:
    numbered = [(lane_of(event, lanes), entry, event) for entry, event in batch]
    used = list(dict.fromkeys(lane for lane, _, _ in numbered))
    names = [keys.FLEET, keys.PIPELINES, keys.inbox_dead(pipeline), keys.pipeline_ledger(pipeline)]
    names += [keys.agenda(keys.ROUTE), keys.ticketed(keys.ROUTE), keys.FATES, keys.FATES_COUNT]
    names.append(keys.replay(asked))
    names += [keys.inbox(pipeline, lane) for lane in used]
    arguments: list[scripts.Argument] = [lanes, pipeline, NOTE, settings().fates_kept, settings().ticket_ms]
    arguments.append(int(bool(asked)))
    for lane, entry, event in numbered:
        arguments += [used.index(lane), f"{pipeline}/{lane}", entry, orjson.dumps(event), event["message_id"]]
    try:
        wanted, moved = run("replay_inbox", names, arguments)
    except ResponseError as error:
        if str(error).startswith("PIPELINE "):
            raise PipelineGone(pipeline) from error
        raise
    if wanted:
        tickets.publish([keys.ROUTE])
    return int(moved)
