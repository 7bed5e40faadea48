"""Read dead letters, those of the inboxes too. Ids name place and entry: ``klaviyo/17…-0``, ``inbox/store/17…-0``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from workers import keys
from workers.connection import redis
from workers.registry import Registry
from workers.streams import latest

INBOX = "inbox"
ENTRY = re.compile(r"\d{1,19}-\d{1,19}")

Letter = dict[str, Any]
"""A dead letter as ``schemas.dead_letter`` describes it; one of an inbox names its ``pipeline`` besides."""


def places(fleet: Registry, integration: str | None = None) -> dict[str, str]:
    """Where dead letters lie: the beginning of their ids → stream. ``integration`` may be ``inbox``."""
    streams = {name: keys.dead(name) for name in fleet.names}
    inboxes = {f"{INBOX}/{pipeline}": keys.inbox_dead(pipeline) for pipeline in fleet.pipelines}
    if integration is None:
        return {**streams, **inboxes}
    return inboxes if integration == INBOX else {integration: streams[integration]}


def letters(where: Mapping[str, str], before: str | None = None) -> Iterator[Letter]:
    """Dead letters of several places, the latest first: those after the one with id ``before``."""
    for entry in latest(where, before):
        yield read(*entry)


def read(place: str, identifier: str, fields: Mapping[bytes, bytes]) -> Letter:
    """One entry as a dead letter."""
    return {"id": f"{place}/{identifier}", **orjson.loads(fields[b"letter"])}


def is_entry(identifier: str) -> bool:
    """Whether an identifier ends in the id of a stream's entry: ``17…-0``."""
    return ENTRY.fullmatch(identifier.rpartition("/")[2]) is not None


def find(where: Mapping[str, str], identifier: str) -> list[Letter]:
    """The dead letter of an id. The place may be left out: then all that entry names is meant."""
    place, _, entry = identifier.rpartition("/")
    found: list[Letter] = []
    if not is_entry(identifier):
        return found
    for name, stream in where.items():
        if place in ("", name):
            entries: Any = redis().xrange(stream, entry, entry)
            found += [read(name, entry, fields) for _, fields in entries]
    return found
