"""Attention: what needs a person and stands in no ledger.

A Redis that may lose events, lanes on which work ends in errors of ours, workers that cannot use an integration.
"""

from __future__ import annotations

from collections.abc import Iterator

from workers import keys
from workers.connection import redis
from workers.registry import Registry
from workers.soundness import weaknesses
from workers.stumbles import stumbling
from workers.unable import unable


def wanted(fleet: Registry) -> Iterator[str]:
    """A sentence each; none when all is well."""
    yield from weaknesses(redis())
    for lane in stumbling([keys.ROUTE, *fleet.names]):
        times = "" if lane["times"] == 1 else f", {lane['times']} times in a row"
        yield f"{lane['queue']}  lane {lane['lane']} rests after an error of ours{times}: {lane['error']} (see the log)"
    for one in unable(fleet.names):
        who = f"worker {one['worker']} cannot use it and leaves it to others"
        yield f"{one['integration']}  {who}: {one['error']}"
