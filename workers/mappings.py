"""Mappings as they were: what a dead letter's event was to become when the letter was written, for its replay.

Of each of an integration's last revisions the mapping is kept: destination, variant and the blueprint's overrides.
Everything else is as it is now: an old credential would be refused, an old limit too fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from destinations.form.integration import Integration, InvalidSpec, install
from workers import keys
from workers.connection import redis
from workers.flights import Cut

MAPPINGS_KEPT = 100
"""Of so many revisions of an integration the mapping is kept."""


class MappingGone(Exception):
    """The mapping of a revision is kept no longer, or cannot be used any more; the message says which."""


def packed(spec: Mapping[str, Any]) -> bytes:
    """The mapping of a specification, as kept."""
    return orjson.dumps({part: spec[part] for part in ("destination", "variant", "blueprint")})


@lru_cache(maxsize=64)
def as_then(integration: Integration, revision: int) -> Integration:
    """An integration with the mapping of one of its revisions. ``MappingGone`` when there is none."""
    text = redis().hget(keys.history(integration.name), str(revision))
    if text is None:
        raise MappingGone(f"the mapping of revision {revision} is kept no longer (the last {MAPPINGS_KEPT} are)")
    then = orjson.loads(text)
    if then["destination"] != integration.destination.name:
        raise MappingGone(f"at revision {revision} {integration.name} was a {then['destination']}")
    try:
        return install(integration.name, {**integration.spec, **then}, revision=revision)
    except InvalidSpec as error:
        raise MappingGone(f"the mapping of revision {revision} cannot be used any more: {error}") from error


def mapped(integration: Integration, cut: Cut) -> Integration:
    """An integration with the mapping that a cut's events are to have."""
    return as_then(integration, cut.group.revision) if cut.group and cut.group.revision else integration


def unmappable(integration: Integration, cut: Cut) -> tuple[str, str, str] | None:
    """Why a cut's events cannot have the mapping they were to have: kind of dead letter, reason, hint."""
    try:
        mapped(integration, cut)
    except MappingGone as gone:
        return "invalid", str(gone), "Replay it with the mapping in force: fleet dead replay --as now."
    return None
