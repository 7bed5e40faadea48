"""What is known of persons: traits by ``identify``, the user id behind an anonymous id, the latest consent.

A person's record is a Redis hash under their user id (``u``) or anonymous id (``a``). Its fields, all JSON:
``user`` (the user id an anonymous id was identified as), ``anonymous:<id>`` (under a user id: each anonymous id that
was identified as it), ``consent`` (``{"at": ms, "is": {category: bool}}``), and ``t:<name>`` for each trait, so that
traits merge without anybody reading them first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from schemas.event import Event
from workers import keys, scripts
from workers.connection import own

ANONYMOUS = "anonymous:"

Identifier = tuple[str, str]
"""``("u", user_id)`` or ``("a", anonymous_id)``."""


@dataclass(slots=True)
class Person:
    """A record, with what this batch has added to it in ``changed``."""

    user_id: str | None = None
    consent: Mapping[str, bool] | None = None
    consent_at: int = 0
    traits: dict[str, Any] = field(default_factory=dict)
    anonymous_ids: set[str] = field(default_factory=set)
    changed: dict[str, bytes] = field(default_factory=dict)

    def identify(self, traits: Mapping[str, Any]) -> None:
        """Merge traits; a null one takes the trait away."""
        for name, value in traits.items():
            self.traits[name] = value
            self.changed[f"t:{name}"] = orjson.dumps(value)

    def link(self, user_id: str) -> None:
        """Remember whose anonymous id this is."""
        if self.user_id != user_id:
            self.user_id = user_id
            self.changed["user"] = orjson.dumps(user_id)

    def owns(self, anonymous_id: str) -> None:
        """Remember that an anonymous id is this user's."""
        if anonymous_id not in self.anonymous_ids:
            self.anonymous_ids.add(anonymous_id)
            self.changed[f"{ANONYMOUS}{anonymous_id}"] = b"true"

    def consents(self, consent: Mapping[str, bool], at: int) -> None:
        """Remember the latest consent."""
        if self.consent != consent:
            self.consent, self.consent_at = consent, at
            self.changed["consent"] = orjson.dumps({"at": at, "is": consent})


def identifiers(event: Mapping[str, Any]) -> list[Identifier]:
    """Under which ids an event's person is known. What an alias calls previous may have been of either kind."""
    anonymous, user = event.get("anonymous_id"), event.get("user_id")
    known = [("a", anonymous)] if anonymous else []
    if user:
        known.append(("u", user))
    if event.get("type") == "alias" and event["previous_id"]:
        known[:0] = [("a", event["previous_id"]), ("u", event["previous_id"])]
    return known


def key_of(identifier: Identifier) -> str:
    """The key of a person's record."""
    return keys.person(*identifier)


def parse(record: Iterable[bytes]) -> Person:
    """A record as read from Redis: its fields and values, one after another."""
    person, parts = Person(), iter(record)
    for name in parts:
        _note(person, name, next(parts))
    return person


def _note(person: Person, name: bytes, value: bytes) -> None:
    if name == b"consent":
        stored = orjson.loads(value)
        person.consent, person.consent_at = stored["is"], stored["at"]
    elif name[:2] == b"t:":
        person.traits[name[2:].decode()] = orjson.loads(value)
    elif name == b"user":
        person.user_id = orjson.loads(value)
    elif name.startswith(ANONYMOUS.encode()):
        person.anonymous_ids.add(name.decode().removeprefix(ANONYMOUS))


class People:
    """The persons a batch speaks of, read in two looks: by the ids given, then by the user ids behind them."""

    def __init__(self) -> None:
        self._known: dict[Identifier, Person] = {}

    def read(self, wanted: Iterable[Identifier]) -> None:
        """Make sure these persons are known."""
        self._look(wanted)
        self._look(("u", person.user_id) for person in list(self._known.values()) if person.user_id)

    def _look(self, wanted: Iterable[Identifier]) -> None:
        missing = [identifier for identifier in dict.fromkeys(wanted) if identifier not in self._known]
        if missing:
            parts = iter(scripts.call(own(), "people", [key_of(identifier) for identifier in missing], ()))
            for identifier in missing:
                self._known[identifier] = parse(iter(parts.__next__, None))

    def of(self, identifier: Identifier) -> Person:
        """One person's record."""
        person = self._known.get(identifier)
        if person is None:
            person = self._known[identifier] = Person()
        return person

    def changes(self) -> list[tuple[str, dict[str, bytes]]]:
        """What to write: key and fields of every record that changed."""
        return [(key_of(name), person.changed) for name, person in self._known.items() if person.changed]

    def carry(self, event: Event, now_ms: int, names: Sequence[Identifier] = ()) -> bool:
        """Learn from an event, then give it what is known: user id, traits it has not itself, consent in force.

        Whether it was given anything. ``names``: the event's identifiers, if they are known already.
        """
        names = names or identifiers(event)
        records = [self.of(name) for name in names]
        consent = event["context"].get("consent")
        if consent is not None:
            for record in records:
                record.consents(consent, now_ms)
        if event["type"] == "identify":
            self._identify(event, dict(names))
        elif event["type"] == "alias" and event["previous_id"] != event["user_id"]:
            self._alias(event["previous_id"], event["user_id"])
        given = "user_id" not in event and self._give_user_id(event, records)
        given |= give_traits(event, records)
        return given | (consent is None and give_consent(event, records))

    def _give_user_id(self, event: Event, records: list[Person]) -> bool:
        user_id = records[0].user_id
        if user_id:
            event["user_id"] = user_id
            records.append(self.of(("u", user_id)))
        return bool(user_id)

    def _identify(self, event: Event, names: Mapping[str, str]) -> None:
        traits = event["traits"]
        if "u" not in names:
            self.of(("a", names["a"])).identify(traits)
            return
        user = self.of(("u", names["u"]))
        if "a" in names:
            anonymous = self.of(("a", names["a"]))
            traits = {**anonymous.traits, **traits} if anonymous.user_id is None else traits
            anonymous.link(names["u"])
            user.owns(names["a"])
        user.identify(traits)

    def _alias(self, previous_id: str, user_id: str) -> None:
        """Let the user be known by what was known under a previous id; where both say something, the user's stands."""
        user, anonymous, former = self.of(("u", user_id)), self.of(("a", previous_id)), self.of(("u", previous_id))
        records = [former] if anonymous.user_id not in (None, user_id) else [anonymous, former]
        known = {name: value for record in records for name, value in record.traits.items()}
        user.identify({name: value for name, value in known.items() if name not in user.traits})
        for record in records:
            if record.consent is not None and record.consent_at > user.consent_at:
                user.consents(record.consent, record.consent_at)
        anonymous.link(user_id)
        user.owns(previous_id)


def give_traits(event: Event, records: Iterable[Person]) -> bool:
    """Give an event the traits it has not itself, and take null ones away; whether there were any of either."""
    own = event["traits"]
    null = None in own.values()
    known = False
    for record in records:  # a loop: in a generator it costs twice as much
        known = known or bool(record.traits)
    if not (null or known):
        return False
    event["traits"] = merged_traits(records, own)
    return null or len(event["traits"]) > len(own)


def give_consent(event: Event, records: Iterable[Person]) -> bool:
    """Give an event that has none the consent in force; whether there is one."""
    consent = latest_consent(records)
    if consent is not None:
        event["context"]["consent"] = dict(consent)
    return consent is not None


def merged_traits(records: Iterable[Person], own: Mapping[str, Any]) -> dict[str, Any]:
    """Known traits, those of the user id over those of the anonymous id, the event's own over both; nulls left out."""
    merged: dict[str, Any] = {}
    for record in records:
        merged.update(record.traits)
    merged.update(own)
    return {name: value for name, value in merged.items() if value is not None}


def latest_consent(records: Iterable[Person]) -> Mapping[str, bool] | None:
    """The consent given last under any of a person's ids."""
    known = [record for record in records if record.consent is not None]
    return max(known, key=lambda record: record.consent_at).consent if known else None
