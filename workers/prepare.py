"""Preparing a flight: consent is checked again, events become vendor records, records become parcels.

What cannot travel is told apart here: dropped, refused before sending, or our own bug. Nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import sentry_sdk
import structlog

from destinations.form.consent import lacking
from destinations.form.integration import Integration
from destinations.form.parts import Outcome, Reading, Verdict
from workers.connection import redis
from workers.dead_letters import letter
from workers.flights import Cut, Parcel, Settlement, Waiting, halves, oversize, pack, seal
from workers.mappings import MappingGone, mapped
from workers.people import Identifier, Person, identifiers, key_of, latest_consent, parse
from workers.sending import Exchange
from workers.source import Source

log = structlog.get_logger(__name__)

CORRECT = "Correct its producer or the blueprint (fleet explain shows what comes of it), then replay it."


LATE = ("it waited untried for longer than max_wait", "Raise max_wait or the limits, then replay it.")


@dataclass(slots=True)
class Prepared:
    """Cuts made ready to go: parcels, and what stays behind by its fate, with letters where the fate is a death."""

    parcels: list[Parcel] = field(default_factory=list)
    left: list[Settlement] = field(default_factory=list)
    warned: Counter[str] = field(default_factory=Counter)


def prepare(integration: Integration, cut: Cut, source: Source) -> Prepared:
    """Turn the events of a cut into parcels."""
    prepared = Prepared()
    barred = without_consent(integration, cut.members)
    prepared.left += [Settlement([member], "dropped:consent") for member in cut.members if member.id in barred]
    late = overdue(integration, cut)
    prepared.left += [death(integration, cut, member, "expired", *LATE) for member in late if member.id not in barred]
    barred |= {member.id for member in late}
    free = [member for member in cut.members if member.id not in barred]
    ready = _transformed(integration, cut, free, prepared)
    size = len(ready) if cut.key else integration.batch.events
    for start in range(0, len(ready), max(1, size)):
        _pack(integration, cut, ready[start : start + size], source, prepared)
    prepared.left = together(prepared.left)
    return prepared


def overdue(integration: Integration, cut: Cut) -> list[Waiting]:
    """Fresh events that waited untried for longer than the integration allows."""
    if integration.max_wait is None or cut.group or cut.takeovers:
        return []
    return [member for member in cut.members if cut.now_ms - member.came_ms > integration.max_wait * 1000]


def together(settlements: Sequence[Settlement]) -> list[Settlement]:
    """Settlements with the same fate and note as one, so that a thousand drops are one step."""
    joined: dict[tuple[str, str], Settlement] = {}
    for one in settlements:
        known = joined.get((one.fate, one.note), Settlement([], one.fate, one.note))
        members, letters = [*known.members, *one.members], [*known.letters, *one.letters]
        joined[one.fate, one.note] = replace(known, members=members, letters=letters)
    return list(joined.values())


def _transformed(integration: Integration, cut: Cut, members: Sequence[Waiting], prepared: Prepared) -> list[Waiting]:
    """The events that have records now; the others stay. Each is parsed only for this, while it is at hand."""
    ready = []
    for member in members:
        try:
            outcome = integration.transform(member.read())
        except Exception as error:  # noqa: BLE001  # whatever it is, it costs this event alone
            prepared.left.append(bug(integration, cut, member, error))
            continue
        if outcome.warnings:
            prepared.warned.update(outcome.warnings)
        if outcome.kind == "send":
            member.records = outcome.records
            ready.append(member)
        else:
            prepared.left.append(_end(integration, cut, member, outcome))
    return ready


def _end(integration: Integration, cut: Cut, member: Waiting, outcome: Outcome) -> Settlement:
    """The end of an event that the destination does not want, or would not take."""
    if outcome.kind == "drop":
        return Settlement([member], f"dropped:{outcome.reason}")
    return death(integration, cut, member, "invalid", outcome.detail, CORRECT)


def _pack(integration: Integration, cut: Cut, members: Sequence[Waiting], source: Source, prepared: Prepared) -> None:
    """Pack a part, in halves when it is too large, or when building its request fails: the bug is in one of them."""
    try:
        parcel = pack(integration, members, cut)
    except Exception as error:  # noqa: BLE001  # whatever it is, it costs one event alone
        if len(members) == 1:
            prepared.left.append(bug(integration, cut, members[0], error))
            return
        parcel = None
    if parcel is not None and not oversize(parcel, integration.batch):
        if integration.batch.events > 1 and not integration.destination.finds_culprits:
            seal(parcel)
        prepared.parcels.append(parcel)
        return
    for part in source.split(cut, halves(members)):
        _pack(integration, part, part.members, source, prepared)


def death(
    integration: Integration,
    cut: Cut,
    member: Waiting,
    kind: str,
    reason: str,
    hint: str = "",
    exchange: Exchange | None = None,
) -> Settlement:
    """The end of an event that cannot be sent as it is."""
    document = letter(integration, cut, member, kind, reason, hint, exchange)
    return Settlement([member], f"dead:{kind}", reason, letters=[document])


def last_requests(integration: Integration, cut: Cut, source: Source) -> dict[str, Exchange]:
    """The request that a vanished worker was sending, by the ids of its events: built anew, and never answered."""
    try:
        parcels = prepare(mapped(integration, cut), cut, source).parcels
    except MappingGone:
        return {}
    unanswered = Reading(Verdict.TRANSIENT)
    return {
        member.id: Exchange(parcel.requests[0][0], None, unanswered) for parcel in parcels for member in parcel.members
    }


def bug(integration: Integration, cut: Cut, member: Waiting, error: Exception) -> Settlement:
    """The end of an event that our own code failed on."""
    log.exception("a transform failed: a bug of ours", integration=integration.name, message_id=member.message_id)
    sentry_sdk.capture_exception(error)
    hint = "Not your event's fault: report it, and replay when mended."
    return death(integration, cut, member, "bug", f"{type(error).__name__}: {error}", hint)


def without_consent(integration: Integration, members: Sequence[Waiting]) -> set[str]:
    """Entry ids of events that may not be sent: consent was withdrawn, or began to be needed, while they waited."""
    if not integration.consent:
        return set()
    known = _read_consents({name for member in members for name in identifiers(member.read())})
    return {member.id for member in members if not _may_go(integration, member, known)}


def _may_go(integration: Integration, member: Waiting, known: Mapping[Identifier, Person]) -> bool:
    own = member.read()
    latest = latest_consent(known[name] for name in identifiers(own))
    event = own if latest is None else {"context": {"consent": latest}}
    return not lacking(integration.consent, event, None, integration.on_missing_consent)


def _read_consents(wanted: set[Identifier]) -> dict[Identifier, Person]:
    names = sorted(wanted)
    with redis().pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hget(key_of(name), "consent")
        answers = pipe.execute()
    records = ([b"consent", answer] if answer else [] for answer in answers)
    return dict(zip(names, map(parse, records), strict=True))
