"""Who a person is and what they consent to, carried from event to event; and what is repeated counts once."""

from __future__ import annotations

from typing import Any

import pytest

import workers
from tests.engine.conftest import THREADS
from tests.engine.events import Event, refs, track
from tests.engine.fleet import Fleet
from workers import holds, keys
from workers.producer import lane_of

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("worker"), THREADS]

SHOWN = {"fields": {"properties.plan": "traits.plan", "properties.city": "traits.city"}}


def arrived(fleet: Fleet) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """What Klaviyo kept: properties and profile by ref."""
    found = [item["attributes"] for item in fleet.vendors.items("klaviyo")]
    return {item["properties"]["ref"]: (item["properties"], item["profile"]["data"]["attributes"]) for item in found}


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in three batches"])
def test_traits_of_identify_are_carried_to_later_events_whose_own_win(fleet: Fleet, together: bool) -> None:
    fleet.install("klaviyo", blueprint=SHOWN)
    traits = {"email": "ada@example.com", "plan": "gold", "city": "London"}
    first, second = track(), track(traits={"plan": "silver"})
    known: Event = {"type": "identify", "user_id": "u1", "traits": traits}
    changed: Event = {"type": "identify", "user_id": "u1", "traits": {"plan": "free", "city": None}}
    third = track()
    events = [known, first, second, changed, third]
    for batch in [events] if together else [events[:1], events[1:4], events[4:]]:
        workers.enqueue(batch)
        fleet.wait_done()
    sent = {ref: (shown.get("plan"), shown.get("city")) for ref, (shown, _) in arrived(fleet).items()}
    assert sent == dict(
        zip(refs([first, second, third]), [("gold", "London"), ("silver", "London"), ("free", None)], strict=True)
    )
    assert {profile["email"] for _, profile in arrived(fleet).values()} == {"ada@example.com"}


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
def test_an_identified_anonymous_id_carries_its_user_id_and_traits(fleet: Fleet, together: bool) -> None:
    name = fleet.install("klaviyo", blueprint=SHOWN)[0]
    before, after, stranger = (track(user=None, anonymous_id=which) for which in ("a1", "a1", "a2"))
    visited: Event = {"type": "identify", "anonymous_id": "a1", "traits": {"city": "Paris"}}
    signed_up: Event = {"type": "identify", "anonymous_id": "a1", "user_id": "u1", "traits": {"plan": "gold"}}
    elsewhere = track(user="u1", anonymous_id="a3")
    events = [before, visited, signed_up, after, stranger]
    for batch in [events] if together else [[event] for event in events]:
        workers.enqueue(batch)
        fleet.wait_done()
    workers.enqueue(elsewhere)
    status = fleet.wait_done()
    sent = arrived(fleet)
    assert set(sent) == set(refs([after, elsewhere]))
    for shown, profile in sent.values():
        assert (profile["external_id"], shown["plan"], shown["city"]) == ("u1", "gold", "Paris")
    assert status["integrations"][name]["filtered"]["no_identity"] == 2


GATE = {"consent": ["marketing"]}


@pytest.mark.parametrize(
    ("on_missing", "consent", "delivered", "said"),
    [
        ("deny", {"marketing": True}, 1, "granted"),
        ("deny", {"marketing": False}, 0, None),
        ("deny", {"analytics": True}, 0, None),
        ("deny", None, 0, None),
        ("allow", None, 1, None),
        ("allow", {"marketing": False}, 0, None),
        ("allow", {"analytics": True}, 0, None),
    ],
)
@pytest.mark.parametrize("whose", ["the event's own", "the person's"])
def test_consent_decides_whether_an_event_goes(
    fleet: Fleet, on_missing: str, consent: dict[str, bool] | None, delivered: int, said: str | None, whose: str
) -> None:
    name = fleet.install("klaviyo", **GATE, on_missing_consent=on_missing)[0]
    context: dict[str, Any] = {"context": {"consent": consent}} if consent is not None else {}
    own = whose == "the event's own"
    if not own:
        workers.enqueue({"type": "group", "user_id": "u1", "group_id": "g1", **context})
        fleet.wait_done()
    event = track(**(context if own else {}))
    workers.enqueue(event)
    status = fleet.wait_done()
    row = status["integrations"][name]
    assert row["delivered"] == delivered
    assert row["filtered"].get("consent", 0) >= 1 - delivered
    assert [shown.get("marketing_consent") for shown, _ in arrived(fleet).values()] == [said] * delivered


@pytest.mark.parametrize(
    ("consent", "said"),
    [
        ({"marketing": True, "analytics": False}, {"marketing_consent": "granted", "analytics_consent": "denied"}),
        ({"marketing": False}, {"marketing_consent": "denied"}),
        ({"categoryPreferences": {"Marketing": True, "functional": True}}, {"functional_consent": "granted"}),
        (None, {}),
    ],
)
def test_an_integration_that_needs_no_consent_is_told_of_it(
    fleet: Fleet, consent: dict[str, Any] | None, said: dict[str, str]
) -> None:
    fleet.install("klaviyo")
    context: dict[str, Any] = {"context": {"consent": consent}} if consent else {}
    workers.enqueue(track(**context))
    fleet.wait_done()
    ((shown, _),) = arrived(fleet).values()
    told = {key: value for key, value in shown.items() if key.endswith("_consent")}
    assert said.items() <= told.items()
    assert bool(told) == bool(said)


def test_an_events_own_consent_wins_and_is_remembered(fleet: Fleet) -> None:
    name = fleet.install("klaviyo", **GATE)[0]
    granted, denied = (track(context={"consent": {"marketing": said}}) for said in (True, False))
    unsaid, after = track(), track()
    workers.enqueue([granted, unsaid])
    fleet.wait_done()
    workers.enqueue([denied, after])
    status = fleet.wait_done()
    assert set(arrived(fleet)) == set(refs([granted, unsaid]))
    assert status["integrations"][name]["filtered"] == {"consent": 2}


def test_consent_withdrawn_while_an_event_waits_is_obeyed(fleet: Fleet) -> None:
    gated, open_to_all = fleet.install("klaviyo", **GATE) + fleet.install("statsig")
    for name in (gated, open_to_all):
        holds.halt(name, "operator", "a test", "")
    yes, no = ({"consent": {"marketing": said}} for said in (True, False))
    waiting, others = track(context=yes, anonymous_id="a1"), track(user="u2", context=yes)
    workers.enqueue([waiting, others])
    fleet.wait_row(gated, waiting=2)
    workers.enqueue({"type": "group", "group_id": "g1", "user_id": "u1", "context": no})
    fleet.wait_row(open_to_all, waiting=2, filtered={"unmapped": 1})
    for name in (gated, open_to_all):
        holds.free(name, "operator")
    row = fleet.wait_row(gated, waiting=0)
    assert (row["delivered"], row["dropped"], row["dead"]) == (1, {"consent": 1}, 0)
    assert set(arrived(fleet)) == set(refs([others]))
    fleet.wait_row(open_to_all, delivered=2, dropped={})


def test_consent_that_begins_to_be_needed_while_an_event_waits_is_asked_for(fleet: Fleet) -> None:
    name = fleet.install("klaviyo")[0]
    holds.halt(name, "operator", "a test", "")
    said, unsaid = track(context={"consent": {"marketing": True}}), track(user="u2")
    workers.enqueue([said, unsaid])
    fleet.wait_row(name, waiting=2)
    fleet.install("klaviyo", **GATE)
    holds.free(name, "operator")
    row = fleet.wait_row(name, waiting=0)
    assert (row["delivered"], row["dropped"]) == (1, {"consent": 1})
    assert set(arrived(fleet)) == set(refs([said]))


def test_a_repeated_message_id_counts_once_wherever_it_comes_again(fleet: Fleet) -> None:
    names = fleet.install("klaviyo", "statsig")
    first, twin = track(message_id="m1"), track(message_id="m1")
    elsewhere = track(user="u2", message_id="m1")
    assert lane_of(first, 16) != lane_of(elsewhere, 16)
    workers.enqueue([first, twin])
    fleet.wait_done()
    workers.enqueue([twin])
    workers.enqueue([elsewhere, track(user="u3", message_id="m2")])
    status = fleet.wait_done()
    assert (status["received"], status["routed"], status["duplicate"]) == (5, 2, 3)
    for vendor, name in zip(("klaviyo", "statsig"), names, strict=True):
        row = status["integrations"][name]
        assert (row["delivered"], row["filtered"]) == (2, {"duplicate": 3})
        assert refs([first])[0] in fleet.vendors.refs(vendor)
        assert not {*refs([twin, elsewhere])} & {*fleet.vendors.refs(vendor)}


def test_a_repeat_of_one_message_in_two_lanes_at_once_is_routed_once(fleet: Fleet) -> None:
    name = fleet.install("launchdarkly")[0]
    pairs = [[track(user=f"p{n}", message_id=f"m{n}"), track(user=f"q{n}", message_id=f"m{n}")] for n in range(200)]
    workers.enqueue([event for pair in pairs for event in pair])
    status = fleet.wait_done()
    assert (status["routed"], status["duplicate"]) == (200, 200)
    assert status["integrations"][name]["delivered"] == 200
    kept = set(fleet.vendors.refs("launchdarkly"))
    assert [len(kept & set(refs(pair))) for pair in pairs] == [1] * 200


def test_persons_are_forgotten_in_time(fleet: Fleet) -> None:
    fleet.install("statsig")
    workers.identify("u1", {"email": "ada@example.com"}, anonymous_id="a1")
    fleet.wait_done()
    for kind, identifier in (("u", "u1"), ("a", "a1")):
        assert 395 * 86_400 < fleet.redis.ttl(keys.person(kind, identifier)) <= 396 * 86_400
