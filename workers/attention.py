"""Attention: what needs a person and stands in no ledger.

A Redis that may lose events, lanes on which work ends in errors of ours, inboxes that are full of what was no event,
workers that cannot use an integration.
"""

from __future__ import annotations

from collections.abc import Iterator

from workers import keys
from workers.connection import redis
from workers.registry import Registry
from workers.settings import settings
from workers.soundness import weaknesses
from workers.stumbles import stumbling
from workers.unable import unable


def wanted(fleet: Registry) -> Iterator[str]:
    """A sentence each; none when all is well."""
    yield from weaknesses(redis())
    for lane in stumbling([keys.ROUTE, *fleet.names]):
        times = "" if lane["times"] == 1 else f", {lane['times']} times in a row"
        yield f"{lane['queue']}  lane {lane['lane']} rests after an error of ours{times}: {lane['error']} (see the log)"
    for pipeline in fleet.pipelines:
        if redis().xlen(keys.inbox_dead(pipeline)) >= settings().letters_kept:
            kept = f"{settings().letters_kept:,} dead letters of what was no event, as many as are kept"
            yield f"inbox/{pipeline}  {kept}; routing stops at the next: replay or purge some (fleet dead -i inbox)"
    for one in unable(fleet.names):
        who = f"worker {one['worker']} cannot use it and leaves it to others"
        yield f"{one['integration']}  {who}: {one['error']}"
