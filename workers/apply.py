"""Apply: install what a configuration says: idempotent, all or nothing. Nothing that waits is ever dropped by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from redis.exceptions import ResponseError

from destinations.form.catalog import catalog
from destinations.form.integration import secret_fields
from workers import keys, scripts, tickets
from workers.configuration import Configuration, InvalidFile
from workers.connection import redis
from workers.holds import FOREVER_MS
from workers.mappings import MAPPINGS_KEPT, packed
from workers.registry import Document, Installed, open_spec, read_installed
from workers.secrets import SecretKeyError, lock, vault
from workers.settings import settings

REMOVED = "removed"


@dataclass(slots=True)
class Change:
    """What an apply does: documents to store by name (None removes a pipeline), and what it leaves as it is."""

    revision: int
    pipelines: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    integrations: dict[str, Document] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.pipelines or self.integrations)


class Stale(Exception):
    """Somebody else changed the fleet meanwhile: work the change out again."""


def work_out(configuration: Configuration, *, prune: bool = False, new_key: bool = False) -> Change:
    """What applying a configuration would change. ``prune`` also removes what the configuration does not name.

    Stored secrets that ``FLEET_SECRET_KEY`` does not open raise ``SecretKeyError``; with ``new_key`` they are changed.
    """
    installed = read_installed()
    change = Change(installed.revision)
    _integrations(change, configuration, installed, new_key)
    _pipelines(change, configuration, installed)
    if prune:
        _prune(change, configuration, installed)
    return change


def carry_out(change: Change) -> int:
    """Store a change, all of it or nothing; the fleet's new revision. ``Stale`` when it was overtaken."""
    if not change:
        return change.revision
    names = [keys.FLEET, keys.PIPELINES, keys.INTEGRATIONS, keys.REVISION]
    arguments: list[scripts.Argument] = [change.revision, settings().lanes, keys.FORMAT, len(change.pipelines)]
    for name, pipeline in change.pipelines.items():
        names += [keys.raw(name), keys.inbox(name)]
        arguments += [name, orjson.dumps(pipeline) if pipeline else b""]
    for name, document in change.integrations.items():
        names += [keys.hold(name), keys.cleared(name), keys.nudges(name), keys.agenda(name), keys.due(name)]
        names += [keys.history(name), keys.held(name)]
        arguments += [name, orjson.dumps(document), int(document["spec"]["enabled"]), FOREVER_MS]
        arguments += [document["revision"], packed(document["spec"]), MAPPINGS_KEPT]
    revision = _store(names, arguments)
    tickets.publish(change.integrations)
    return revision


def _store(names: list[str], arguments: list[scripts.Argument]) -> int:
    try:
        return int(scripts.call(redis(), "install", names, arguments))
    except ResponseError as error:
        word, _, rest = str(error).partition(" ")
        if word == "STALE":
            raise Stale from error
        if word == "BUSY":
            fault = f"pipelines.{rest}: events wait in its inbox; stop its producers, let it empty, then remove it."
            raise InvalidFile([fault]) from error
        raise


def _integrations(change: Change, configuration: Configuration, installed: Installed, new_key: bool) -> None:
    for name, integration in configuration.integrations.items():
        document = installed.documents.get(name)
        spec = {**integration.spec, "config": dict(integration.spec["config"])}
        if document is not None and REMOVED not in document and unchanged(document, spec, new_key):
            change.left.append(f"integration {name}")
            continue
        (change.changed if document else change.added).append(f"integration {name}")
        change.integrations[name] = {"spec": sealed(spec), "revision": (document or {"revision": 0})["revision"] + 1}


def unchanged(document: Document, spec: Mapping[str, Any], new_key: bool) -> bool:
    """Whether a document stores this specification."""
    try:
        return same(open_spec(document), spec)
    except SecretKeyError:
        if not new_key:
            raise
        return False


def _pipelines(change: Change, configuration: Configuration, installed: Installed) -> None:
    for name, spec in configuration.pipelines.items():
        known = installed.pipelines.get(name)
        if known == spec:
            change.left.append(f"pipeline {name}")
            continue
        (change.changed if known else change.added).append(f"pipeline {name}")
        change.pipelines[name] = dict(spec)


def _prune(change: Change, configuration: Configuration, installed: Installed) -> None:
    for name in installed.pipelines.keys() - configuration.pipelines.keys():
        change.pipelines[name] = None
        change.removed.append(f"pipeline {name}")
    for name in installed.documents.keys() - configuration.integrations.keys():
        document = installed.documents[name]
        if REMOVED not in document:
            change.integrations[name] = retired(document)
            change.removed.append(f"integration {name}")


def retired(document: Document) -> Document:
    """A removed integration's document: its lanes are held until it is applied again, or purged by name."""
    return {"spec": {**document["spec"], "enabled": False}, "revision": document["revision"] + 1, REMOVED: True}


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two specifications, secrets in the clear, say the same."""
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)


def sealed(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A specification with its secrets encrypted."""
    cipher, secret = vault(), set(secret_fields(catalog()[spec["destination"]]))
    config = {name: lock(str(value), cipher) if name in secret else value for name, value in spec["config"].items()}
    return {**spec, "config": config}


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
