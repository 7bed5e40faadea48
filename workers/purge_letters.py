"""Purging dead letters: those chosen, or those older than they are to be kept. Each counts as it goes."""

from __future__ import annotations

from collections.abc import Sequence

from workers import keys, scripts
from workers.connection import redis
from workers.letters import is_inbox, ledger_at, stream_at
from workers.replay import free_full
from workers.settings import settings

BATCH = 250
NOTE = "fleet dead purge"


def purge_letters(place: str, letters: Sequence[tuple[str, str]]) -> int:
    """Purge letters of one place, each its entry and its message id; how many were still there."""
    names = (stream_at(place), ledger_at(place), keys.FATES, keys.FATES_COUNT)
    arguments: list[scripts.Argument] = ["" if is_inbox(place) else place, NOTE, settings().fates_kept]
    for entry, message_id in letters:
        arguments += [entry, message_id]
    gone = int(scripts.call(redis(), "purge_letters", names, arguments))
    if gone and not is_inbox(place):
        free_full(place)
    return gone
