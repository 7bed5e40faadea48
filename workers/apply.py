"""Apply: install what a configuration says: idempotent, all or nothing. Nothing that waits is ever dropped by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson
from redis.exceptions import ResponseError

from workers import changes, keys, revisions, scripts, tickets
from workers.changes import PROGRAM, Author
from workers.configuration import Configuration, InvalidFile
from workers.connection import redis
from workers.documents import opened, retired, same, stored
from workers.holds import FOREVER_MS
from workers.registry import REMOVED, Document, Installed, read_installed
from workers.revisions import REVISIONS_KEPT
from workers.settings import settings

TRIES = 5


@dataclass(slots=True)
class Change:
    """What an apply does: documents to store by name (None removes a pipeline), and what it leaves as it is.

    ``details`` is what to write down of each: ``integration klaviyo`` → what of it changed.
    """

    revision: int
    pipelines: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    integrations: dict[str, Document] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.pipelines or self.integrations)


class Stale(Exception):
    """Somebody else changed the fleet meanwhile: work the change out again."""


class PipelineBusy(InvalidFile):
    """Events wait in the inbox of a pipeline that is to be removed."""


class Contended(Exception):
    """Somebody else changed the fleet each time we tried; nothing was changed."""


def carried_out(made: Callable[[Installed], Change], author: Author = PROGRAM) -> Change:
    """Carry out what ``made`` works out against what is installed, anew whenever it was overtaken."""
    for _ in range(TRIES):
        change = made(read_installed())
        try:
            carry_out(change, author)
        except Stale:
            continue
        return change
    raise Contended("somebody else keeps changing the fleet at the same time; nothing was changed, try again")


def work_out(
    configuration: Configuration, installed: Installed | None = None, *, prune: bool = False, new_key: bool = False
) -> Change:
    """What applying a configuration would change. ``prune`` also removes what the configuration does not name.

    Stored secrets that ``FLEET_SECRET_KEY`` does not open raise ``SecretKeyError``; with ``new_key`` they are changed.
    """
    installed = installed or read_installed()
    change = Change(installed.revision)
    _integrations(change, configuration, installed, new_key)
    _pipelines(change, configuration, installed)
    if prune:
        _prune(change, configuration, installed)
    return change


def carry_out(change: Change, author: Author = PROGRAM) -> int:
    """Store a change and who made it, all of it or nothing; the fleet's new revision. ``Stale``: it was overtaken."""
    if not change:
        return change.revision
    names = [keys.FLEET, keys.PIPELINES, keys.INTEGRATIONS, keys.REVISION, keys.CHANGES]
    arguments: list[scripts.Argument] = [change.revision, settings().lanes, keys.FORMAT, settings().changes_kept]
    arguments.append(len(change.pipelines))
    noted = _noted(change, author)
    for name, pipeline in change.pipelines.items():
        names += [keys.raw(name), keys.inbox(name)]
        arguments += [name, orjson.dumps(pipeline) if pipeline else b"", noted[f"pipeline {name}"]]
    for name, document in change.integrations.items():
        names += [keys.hold(name), keys.cleared(name), keys.nudges(name), keys.agenda(name), keys.due(name)]
        names += [keys.history(name), keys.held(name)]
        arguments += [name, orjson.dumps(document), int(document["spec"]["enabled"]), FOREVER_MS]
        arguments += [document["revision"], revisions.packed(document, author), REVISIONS_KEPT]
        arguments.append(noted[f"integration {name}"])
    revision = _store(names, arguments)
    tickets.publish(change.integrations)
    return revision


def _noted(change: Change, author: Author) -> dict[str, bytes]:
    """What is written down of each thing that changes."""
    noted = {}
    for word, names in (("added", change.added), ("changed", change.changed), ("removed", change.removed)):
        for name in names:
            kind, _, target = name.partition(" ")
            noted[name] = changes.packed(author, f"{kind} {word}", target, change.details.get(name))
    return noted


def _store(names: list[str], arguments: list[scripts.Argument]) -> int:
    try:
        return int(scripts.call(redis(), "install", names, arguments))
    except ResponseError as error:
        word, _, rest = str(error).partition(" ")
        if word == "STALE":
            raise Stale from error
        if word == "BUSY":
            fault = f"pipelines.{rest}: events wait in its inbox; stop its producers, let it empty, then remove it."
            raise PipelineBusy([fault]) from error
        raise


def _integrations(change: Change, configuration: Configuration, installed: Installed, new_key: bool) -> None:
    for name, integration in configuration.integrations.items():
        document, place = installed.documents.get(name), f"integration {name}"
        spec = {**integration.spec, "config": dict(integration.spec["config"])}
        before = opened(document, give_up=new_key)
        if document and before and REMOVED not in document and same(before, spec):
            change.left.append(place)
            continue
        (change.changed if document else change.added).append(place)
        change.integrations[name] = stored(spec, document, before)
        change.details[place] = _told(change.integrations[name], document)


def _told(document: Document, former: Document | None) -> dict[str, Any]:
    """What is written down of an integration's change."""
    if former is None:
        return {"revision": document["revision"], "spec": revisions.public(document)}
    found = revisions.differences(revisions.public(former), revisions.public(document))
    return {"revision": document["revision"], "differences": [asdict(difference) for difference in found]}


def _pipelines(change: Change, configuration: Configuration, installed: Installed) -> None:
    for name, spec in configuration.pipelines.items():
        known, place = installed.pipelines.get(name), f"pipeline {name}"
        if known == spec:
            change.left.append(place)
            continue
        (change.changed if known else change.added).append(place)
        change.pipelines[name] = dict(spec)
        change.details[place] = {"before": known, "after": spec}


def _prune(change: Change, configuration: Configuration, installed: Installed) -> None:
    for name in installed.pipelines.keys() - configuration.pipelines.keys():
        remove_pipeline(change, name)
    for name in installed.documents.keys() - configuration.integrations.keys():
        if REMOVED not in installed.documents[name]:
            remove_integration(change, name, installed.documents[name])


def remove_pipeline(change: Change, name: str) -> None:
    """Let a change also remove a pipeline. Carrying it out raises ``InvalidFile`` when events wait in its inbox."""
    change.pipelines[name] = None
    change.removed.append(f"pipeline {name}")


def remove_integration(change: Change, name: str, document: Document) -> None:
    """Let a change also remove an integration. What waits in it is held."""
    change.integrations[name] = retired(document)
    change.removed.append(f"integration {name}")


def describe(change: Change) -> Iterable[str]:
    """The change in lines for people."""
    for word, names in (
        ("added", change.added),
        ("changed", change.changed),
        ("removed", change.removed),
        ("left", change.left),
    ):
        for name in sorted(names):
            yield f"{word:8} {name}"
