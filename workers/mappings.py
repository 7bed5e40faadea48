"""Mappings as they were: what a dead letter's event was to become when the letter was written, for its replay.

A mapping is destination, variant and the blueprint's overrides of one of an integration's last revisions. Everything
else is as it is now: an old credential would be refused, an old limit too fast.
"""

from __future__ import annotations

from functools import lru_cache

from destinations.form.integration import Integration, InvalidSpec, install
from workers.flights import Cut
from workers.revisions import RevisionGone, kept


class MappingGone(Exception):
    """The mapping of a revision is kept no longer, or cannot be used any more; the message says which."""


@lru_cache(maxsize=64)
def as_then(integration: Integration, revision: int) -> Integration:
    """An integration with the mapping of one of its revisions. ``MappingGone`` when there is none."""
    try:
        spec = kept(integration.name, revision).spec
    except RevisionGone as gone:
        raise MappingGone(f"the mapping of {gone}") from gone
    then = {part: spec[part] for part in ("destination", "variant", "blueprint")}
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
