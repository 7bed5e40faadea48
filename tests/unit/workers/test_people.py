from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Event, load_event
from workers.people import People, Person, identifiers, key_of, latest_consent, merged_traits, parse

TRAITS = st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers(0, 3), max_size=4)


def event(**fields: Any) -> Event:
    return load_event({"type": "track", "event": "E", **fields})


def flat(fields: Mapping[str, bytes]) -> list[bytes]:
    """Fields as Redis gives them."""
    return [part for name, value in fields.items() for part in (name.encode(), value)]


def carried(*events: Event, people: People | None = None) -> list[Event]:
    known = people or People()
    for moment, each in enumerate(events):
        known.carry(each, moment)
    return list(events)


@given(st.lists(TRAITS, max_size=3), TRAITS)
def test_own_traits_win_then_the_last_record_and_null_takes_away(records: list[dict[str, Any]], own: Any) -> None:
    merged = merged_traits([Person(traits=traits) for traits in records], own)
    for name in "abcd":
        said = [traits[name] for traits in [*records, own] if name in traits]
        assert merged.get(name) == (said[-1] if said else None)
    assert None not in merged.values()


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), unique_by=lambda pair: pair[0]))
def test_the_latest_consent_under_any_id_counts(given_at: list[tuple[int, bool]]) -> None:
    records = [Person(consent={"marketing": yes}, consent_at=at) for at, yes in given_at]
    latest = latest_consent([Person(), *records])
    assert latest == ({"marketing": max(given_at)[1]} if given_at else None)


def test_what_is_stored_of_a_person_is_what_was_learnt() -> None:
    people = People()
    consent = {"marketing": True, "analytics": False}
    identify = event(
        type="identify",
        user_id="u1",
        anonymous_id="a1",
        traits={"plan": "gold", "old": None},
        context={"consent": consent},
    )
    carried(identify, people=people)
    stored = {key: parse(flat(fields)) for key, fields in people.changes()}
    known, anonymous = stored[key_of(("u", "u1"))], stored[key_of(("a", "a1"))]
    assert (known.traits, known.consent, known.user_id) == ({"plan": "gold", "old": None}, consent, None)
    assert (anonymous.traits, anonymous.consent, anonymous.user_id) == ({}, consent, "u1")


def test_nothing_is_written_of_a_person_of_whom_nothing_new_is_said() -> None:
    people = People()
    carried(event(user_id="u1"), event(anonymous_id="a1"), event(type="identify", user_id="u1"), people=people)
    assert people.changes() == []


def test_anonymous_traits_become_the_users_once_and_do_not_overwrite_newer_ones() -> None:
    events = carried(
        event(type="identify", anonymous_id="a1", traits={"plan": "free", "city": "Paris"}),
        event(type="identify", anonymous_id="a1", user_id="u1", traits={"plan": "gold"}),
        event(user_id="u1"),
        event(type="identify", user_id="u1", traits={"city": "London"}),
        event(type="identify", anonymous_id="a1", user_id="u1"),
        event(anonymous_id="a1"),
    )
    assert [each["traits"] for each in (events[2], events[5])] == [
        {"plan": "gold", "city": "Paris"},
        {"plan": "gold", "city": "London"},
    ]
    assert events[5]["user_id"] == "u1"


@pytest.mark.parametrize("kind", ["anonymous_id", "user_id"])
def test_an_alias_lets_the_user_have_what_was_known_before_and_keep_what_is_newer(kind: str) -> None:
    denied = {"marketing": False}
    events = carried(
        event(type="identify", user_id="u1", traits={"plan": "gold"}, context={"consent": {"marketing": True}}),
        event(type="identify", **{kind: "old"}, traits={"plan": "free", "city": "Paris"}, context={"consent": denied}),
        event(type="alias", previous_id="old", user_id="u1"),
        event(user_id="u1"),
        event(anonymous_id="old"),
    )
    assert [each["traits"] for each in events[2:]] == [{"plan": "gold", "city": "Paris"}] * 3
    assert events[4]["user_id"] == "u1"
    assert [each["context"]["consent"] for each in events[2:]] == [denied] * 3


def test_an_alias_takes_nothing_from_an_anonymous_id_that_is_somebody_elses() -> None:
    events = carried(
        event(type="identify", anonymous_id="a1", traits={"city": "Paris"}),
        event(type="identify", anonymous_id="a1", user_id="u2"),
        event(type="alias", previous_id="a1", user_id="u1"),
        event(user_id="u1"),
        event(type="alias", previous_id="u1", user_id="u1"),
        event(anonymous_id="a1"),
    )
    assert (events[3]["traits"], events[5]["user_id"]) == ({}, "u1")


def test_an_events_own_user_id_stays_whoever_the_anonymous_id_was() -> None:
    events = carried(event(type="identify", anonymous_id="a1", user_id="u1"), event(anonymous_id="a1", user_id="u2"))
    assert events[1]["user_id"] == "u2"


@pytest.mark.parametrize("own", [None, {"marketing": True}, {}])
def test_an_event_without_consent_is_given_the_persons(own: dict[str, bool] | None) -> None:
    first = event(user_id="u1", context={"consent": {"marketing": False}})
    second = event(user_id="u1", context={} if own is None else {"consent": own})
    carried(first, second)
    assert second["context"]["consent"] == ({"marketing": False} if own is None else own)
    assert second["context"]["consent"] is not first["context"]["consent"]


def test_identifiers_are_told_apart_by_kind() -> None:
    both = identifiers({"user_id": "x", "anonymous_id": "x"})
    assert len({key_of(name) for name in both}) == 2
    assert identifiers({"user_id": "x"}) == [("u", "x")]


@given(st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.text(max_size=5), max_size=4))
def test_a_record_is_read_as_it_was_written(traits: dict[str, Any]) -> None:
    person = Person()
    person.identify(traits)
    person.link("u1")
    person.consents({"marketing": True}, 7)
    read = parse(flat(person.changed))
    assert (read.traits, read.user_id, read.consent, read.consent_at) == (traits, "u1", {"marketing": True}, 7)
    assert read.changed == {}
    assert orjson.loads(person.changed["user"]) == "u1"
