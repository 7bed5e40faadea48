"""The audit: recounts all that waits and all that died against the ledgers, and says what does not add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sentry_sdk
import structlog

from workers import keys, scripts
from workers.connection import redis
from workers.ledger import counters_of, gone, under
from workers.registry import Registry

log = structlog.get_logger(__name__)

EVERY_MS = 60_000
GROUPS = 100_000
GROUPS_BRIEFLY = 1_000
"""Of a side lane with more groups only the numbers are looked at: the script keeps Redis busy while it looks."""


@dataclass(frozen=True, slots=True)
class Account:
    """One ledger recounted. ``kind``: pipeline or integration.

    ``came``      events received, or accepted           ``gone``   events of which something became, and that left
    ``waiting``   in lanes (of an inbox: not routed)     ``aside``  in side lanes
    ``dead``      dead letters that are there            ``balance``  came − gone − waiting − aside − dead
    ``faults``    what does not add up, a sentence each; none when all is well
    """

    kind: str
    name: str
    came: int
    gone: int
    waiting: int
    aside: int
    dead: int
    balance: int
    faults: tuple[str, ...]


def audit(fleet: Registry, groups: int = GROUPS) -> list[Account]:
    """Recount every ledger; each is one step, so that events on their way are counted once."""
    pipelines = [_pipeline(fleet, name) for name in fleet.pipelines]
    return pipelines + [_integration(fleet, name, groups) for name in fleet.names]


def _pipeline(fleet: Registry, name: str) -> Account:
    names = (keys.pipeline_ledger(name), keys.agenda(keys.ROUTE), keys.inbox_dead(name))
    flat, waiting, dead, found = scripts.call(redis(), "audit_inbox", names, (name, fleet.lanes, keys.inbox(name)))
    counters = counters_of(flat)
    came = counters.get("received", 0)
    left = sum(counters.get(fate, 0) for fate in ("routed", "invalid", "duplicate", "forgotten"))
    faults = _sentences(found)
    balance = came - left - waiting
    if balance:
        faults.append(f"received {came:,}, but {left:,} left the inbox and {waiting:,} wait: {balance:+,}")
    letters = sum(counters.get(fate, 0) for fate in ("purged", "replayed", "letters_forgotten"))
    if dead != counters.get("invalid", 0) - letters:
        faults.append(
            f"{counters.get('invalid', 0):,} were invalid and {letters:,} dead letters left, but {dead:,} are there"
        )
    return Account("pipeline", name, came, left, waiting, 0, dead, balance, tuple(faults))


def _integration(fleet: Registry, name: str, groups: int) -> Account:
    arguments: list[scripts.Argument] = [fleet.lanes, groups, keys.waiting(name), keys.due(name), keys.groups(name)]
    arguments += [keys.events(name), keys.barrier(name)]
    names = (keys.ledger(name), keys.agenda(name), keys.dead(name))
    flat, waiting, aside, dead, found = scripts.call(redis(), "audit", names, arguments)
    counters = counters_of(flat)
    came, left, faults = counters.get("accepted", 0), gone(counters), _sentences(found)
    balance = came - left - waiting - aside - dead
    if balance:
        there = f"{waiting:,} wait, {aside:,} are aside, {dead:,} are dead letters"
        faults.append(f"accepted {came:,}, but {left:,} left and {there}: {balance:+,}")
    if dead != (died := sum(under(counters, "dead").values())):
        faults.append(f"{died:,} died and are to be there, but {dead:,} dead letters are")
    return Account("integration", name, came, left, waiting, aside, dead, balance, tuple(faults))


def _sentences(found: Sequence[bytes]) -> list[str]:
    return [text.decode() for text in found]


def audit_in_turn(fleet: Registry) -> None:
    """Audit once a minute, in whichever worker's turn it is, and tell people of a new imbalance."""
    if scripts.call(redis(), "turn", (keys.AUDIT_TURN,), (EVERY_MS,)):
        tell([f"{one.kind} {one.name}: {fault}" for one in audit(fleet, GROUPS_BRIEFLY) for fault in one.faults])


def tell(faults: Sequence[str]) -> None:
    """Log faults and report them to Sentry, once for all workers until they change."""
    if not scripts.call(redis(), "change", (keys.AUDITED,), ("\n".join(faults),)):
        return
    if faults:
        log.error("the books do not balance: fleet audit says more", faults=list(faults))
        sentry_sdk.capture_message("The books do not balance:\n" + "\n".join(faults), level="error")
    else:
        log.info("the books balance again")
