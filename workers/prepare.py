"""Preparing a flight: consent is checked again, events become vendor records, records become parcels.

What cannot travel is told apart here: dropped, refused before sending, or our own bug. Nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
import sentry_sdk
import structlog

from destinations.form.integration import Integration
from workers.connection import redis
from workers.dead_letters import letter
from workers.flights import Parcel, Waiting, oversize, pack
from workers.people import Person, identifiers, key_of, latest_consent

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Prepared:
    """A flight ready to go: parcels, and what stays behind by its fate (with dead letters where the fate is a death)."""

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
    withdrawn = consent_withdrawn(integration, members)
    ready = [member for member in members if _transformed(integration, member, withdrawn, prepared)]
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


def _transformed(integration: Integration, member: Waiting, withdrawn: set[str], prepared: Prepared) -> bool:
    if member.id in withdrawn:
        prepared.drop(member, "consent")
        return False
    try:
        outcome = integration.transform(member.event)
    except Exception as error:
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
    except Exception as error:
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


def consent_withdrawn(integration: Integration, members: Sequence[Waiting]) -> set[str]:
    """Entry ids of events whose person withdrew a consent that the integration needs while the event waited."""
    if not integration.consent:
        return set()
    names = {member.id: identifiers(member.event) for member in members}
    known = _read_consents({name for several in names.values() for name in several})
    withdrawn = set()
    for entry, several in names.items():
        consent = latest_consent(known[name] for name in several)
        if consent is not None and not all(consent.get(category) for category in integration.consent):
            withdrawn.add(entry)
    return withdrawn


def _read_consents(wanted: set[tuple[str, str]]) -> dict[tuple[str, str], Person]:
    names = sorted(wanted)
    with redis().pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hget(key_of(name), "consent")
        answers = pipe.execute()
    known = {}
    for name, answer in zip(names, answers, strict=True):
        stored = orjson.loads(answer) if answer else {"is": None, "at": 0}
        known[name] = Person(consent=stored["is"], consent_at=stored["at"])
    return known
