"""Settle: give events of a lane their fate, counted as they leave it, in one script."""

from __future__ import annotations

from collections.abc import Sequence

from workers import keys, scripts
from workers.connection import redis
from workers.flights import Waiting
from workers.lanes import Lane
from workers.settings import settings


def settle(
    lane: Lane,
    members: Sequence[Waiting],
    fate: str,
    *,
    note: str = "",
    sample: bytes = b"",
    letters: Sequence[bytes] = (),
) -> int:
    """Settle events with one fate (``delivered``, ``dropped:<reason>`` or ``dead:<kind>``); how many left the lane.

    A crash before the script leaves them in the lane, in doubt if they were sent; after it they are gone and counted.
    When the lane is no longer ours nothing happens, and ``lane.lost`` says so.
    """
    name = lane.queue
    names = [lane.state, lane.stream, keys.ledger(name), keys.FATES, keys.FATES_COUNT]
    names += [keys.samples(name), keys.dead(name), keys.hold(name)]
    fixed: list[scripts.Argument] = [
        lane.token,
        name,
        fate,
        note,
        settings().fates_kept,
        sample,
        settings().samples_kept,
    ]
    ids = [member.id for member in members]
    messages = [member.message_id for member in members]
    settled = int(scripts.call(redis(), "settle", names, [*fixed, len(members), *ids, *messages, *letters]))
    if settled < 0:
        lane.lost.set()
    return max(settled, 0)


def failed(lane: Lane, members: Sequence[Waiting], sample: bytes) -> int:
    """Note a try in vain; the highest number of tries among these events. They stay in their lane."""
    ids = [member.id for member in members]
    arguments: list[scripts.Argument] = [lane.token, sample, settings().samples_kept, *ids]
    tries = int(scripts.call(redis(), "fail", (lane.state, keys.samples(lane.queue)), arguments))
    if tries < 0:
        lane.lost.set()
    return max(tries, 0)
