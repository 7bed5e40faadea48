"""Retention: dead letters are kept for some days; older ones are purged, and counted."""

from __future__ import annotations

import structlog

from workers import keys, scripts
from workers.connection import redis
from workers.dead import places
from workers.letters import is_inbox, ledger_at
from workers.registry import Registry
from workers.replay import free_full
from workers.settings import settings

log = structlog.get_logger(__name__)

EVERY_MS = 60_000
BATCH = 500
BATCHES = 20
"""At most so many batches of a place in one turn: the heartbeat has more to do."""

DAY_MS = 86_400_000


def purge_old_in_turn(fleet: Registry) -> None:
    """Purge what is too old once a minute, in whichever worker's turn it is."""
    if scripts.call(redis(), "turn", (keys.SWEPT,), (EVERY_MS,)):
        purge_old(fleet)


def purge_old(fleet: Registry) -> int:
    """Purge dead letters older than ``FLEET_LETTER_DAYS``; how many went."""
    return sum(_purge(place, stream) for place, stream in places(fleet).items())


def _purge(place: str, stream: str) -> int:
    arguments = (int(is_inbox(place)), settings().letter_days * DAY_MS, BATCH)
    gone = 0
    for _ in range(BATCHES):
        number = int(scripts.call(redis(), "expire_letters", (stream, ledger_at(place)), arguments))
        gone += number
        if number < BATCH:
            break
    if gone and not is_inbox(place):
        free_full(place)
    if gone:
        log.info("old dead letters purged", place=place, letters=gone, days=settings().letter_days)
    return gone
