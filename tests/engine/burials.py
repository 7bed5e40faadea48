"""Dead letters to begin with, put where a delivery would have put them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from schemas.event import load_event
from tests.engine.events import Event
from tests.engine.fleet import Fleet
from workers import keys
from workers.import_letters import Importer, load
from workers.registry import registry

BATCH = 250


def bury(fleet: Fleet, name: str, events: list[Event], **parts: Any) -> None:
    """Bury events as an integration's dead letters, in this order; ``parts`` go over what a letter says by itself."""
    registry().refresh()
    letters = [letter_of(name, load_event(event), number, **parts) for number, event in enumerate(events)]
    importer = Importer(name, registry())
    for start in range(0, len(letters), BATCH):
        assert importer.put(letters[start : start + BATCH]) == len(letters[start : start + BATCH])
    assert fleet.row(name)["dead"] >= len(events)


def letter_of(name: str, event: Event, number: int, **parts: Any) -> dict[str, Any]:
    """A refused event's letter; ``number`` is its place in time."""
    letter = {
        "id": f"{name}/{number + 1}-0",
        "integration": name,
        "kind": "refused",
        "event": event,
        "entry": f"{1_700_000_000_000 + number}-0",
        "revision": 1,
        "request": {"method": "POST", "url": "http://vendor", "headers": {}, "body": "{}"},
        "answer": {"status": 400, "headers": {}, "body": "no"},
        "attempts": 1,
        "first_at": "2026-06-06T10:00:00Z",
        "last_at": "2026-06-06T10:00:00Z",
        "reason": "Klaviyo answered 400: no",
        "hint": "Correct it.",
    }
    return load({**letter, **parts})


def waiting_replays(fleet: Fleet, name: str) -> list[str]:
    """Refs of the events that wait to be sent again."""
    lanes = int(fleet.redis.hget(keys.FLEET, "lanes"))
    bodies = [body for lane in range(lanes) for body in fleet.redis.hvals(keys.events(name, f"{lane}{keys.REPLAY}"))]
    return [json.loads(body)["properties"]["ref"] for body in bodies]


def dead_refs(fleet: Fleet, name: str) -> list[str]:
    """Refs of an integration's dead letters, the oldest first."""
    return [letter["event"]["properties"]["ref"] for letter in fleet.letters(keys.dead(name))]


def fleet_command(*arguments: str) -> subprocess.Popen[bytes]:
    """The command line in a process of its own, to be killed."""
    command = [sys.executable, "-c", "from workers.cli import main; main()", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
