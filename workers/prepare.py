"""Preparing a flight: consent is checked again, events become vendor records, records become parcels.

What cannot travel is told apart here: dropped, refused before sending, or our own bug. Nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sentry_sdk
import structlog

from destinations.form.consent import lacking
from destinations.form.integration import Integration
from workers.connection import redis
from workers.dead_letters import letter
from workers.flights import Parcel, Waiting, oversize, pack
from workers.people import Identifier, Person, identifiers, key_of, latest_consent, parse

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Prepared:
    """A flight ready to go: parcels, and what stays behind by its fate, with dead letters where the fate is a death."""

    parcels: list[Parcel] = field(default_factory=list)
    fates: dict[str, list[Waiting]] = field(default_factory=dict)
    letters: dict[str, list[bytes]] = field(default_factory=dict)
    warned: Counter[str] = field(default_factory=Counter)

    def drop(self, member: Waiting, reason: str) -> None:
        """This event is not wanted after all."""
        self.fates.setdefault(f"dropped:{reason}", []).append(member)

    def bury(self, integration: Integration, member: Waiting, kind: str, reason: str, hint: str = "") -> None:
        """This event cannot be sent as it is."""
        self.fates.setdefault(f"dead:{kind}", []).append(member)
        self.letters.setdefault(f"dead:{kind}", []).append(letter(integration, member, kind, reason, hint))


def prepare(integration: Integration, members: Sequence[Waiting]) -> Prepared:
    """Turn the events at a lane's head into parcels."""
    prepared = Prepared()
    barred = without_consent(integration, members)
    for member in members:
        if member.id in barred:
            prepared.drop(member, "consent")
    ready = [member for member in members if member.id not in barred and _transformed(integration, member, prepared)]
    size = integration.batch.events
    for start in range(0, len(ready), size):
        _pack(integration, ready[start : start + size], prepared)
    return prepared


def repack(integration: Integration, parts: Sequence[Sequence[Waiting]]) -> Prepared:
    """Parcels of events that were in one refused request, part by part."""
    prepared = Prepared()
    for part in parts:
        _pack(integration, part, prepared)
    return prepared


def _transformed(integration: Integration, member: Waiting, prepared: Prepared) -> bool:
    try:
        outcome = integration.transform(member.event)
    except Exception as error:  # noqa: BLE001  # whatever it is, it costs this event alone
        _bug(integration, member, error, prepared)
        return False
    prepared.warned.update(outcome.warnings)
    if outcome.kind == "send":
        member.records = outcome.records
    elif outcome.kind == "drop":
        prepared.drop(member, outcome.reason)
    else:
        prepared.bury(integration, member, "invalid", outcome.detail)
    return outcome.kind == "send"


def _pack(integration: Integration, members: Sequence[Waiting], prepared: Prepared) -> None:
    """Pack a part, in halves when it is too large, or when building its request fails: the bug is in one of them."""
    try:
        parcel = pack(integration, members)
    except Exception as error:  # noqa: BLE001  # whatever it is, it costs one event alone
        if len(members) == 1:
            _bug(integration, members[0], error, prepared)
            return
        parcel = None
    if parcel is not None and not oversize(parcel, integration.batch):
        prepared.parcels.append(parcel)
        return
    for half in Parcel(members).halves:
        _pack(integration, half, prepared)


def _bug(integration: Integration, member: Waiting, error: Exception, prepared: Prepared) -> None:
    log.exception("a transform failed: a bug of ours", integration=integration.name, message_id=member.message_id)
    sentry_sdk.capture_exception(error)
    reason = f"{type(error).__name__}: {error}"
    prepared.bury(integration, member, "bug", reason, "Not your event's fault: report it, and replay when mended.")


def without_consent(integration: Integration, members: Sequence[Waiting]) -> set[str]:
    """Entry ids of events that may not be sent: consent was withdrawn, or began to be needed, while they waited."""
    if not integration.consent:
        return set()
    known = _read_consents({name for member in members for name in identifiers(member.event)})
    return {member.id for member in members if not _may_go(integration, member, known)}


def _may_go(integration: Integration, member: Waiting, known: Mapping[Identifier, Person]) -> bool:
    latest = latest_consent(known[name] for name in identifiers(member.event))
    event = member.event if latest is None else {"context": {"consent": latest}}
    return not lacking(integration.consent, event, None, integration.on_missing_consent)


def _read_consents(wanted: set[Identifier]) -> dict[Identifier, Person]:
    names = sorted(wanted)
    with redis().pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hget(key_of(name), "consent")
        answers = pipe.execute()
    records = ({b"consent": answer} if answer else {} for answer in answers)
    return dict(zip(names, map(parse, records), strict=True))
