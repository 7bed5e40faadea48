from __future__ import annotations

from dataclasses import replace
from itertools import chain

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destinations.form.integration import Integration, install
from destinations.form.parts import Batch, Limit, Reading, Verdict
from destinations.form.request import Request
from workers.flights import Cut, Parcel, Waiting, pack, seal
from workers.outcomes import RETRIES_MS, parts
from workers.samples import masked_request
from workers.sending import Exchange
from workers.shift import FLIGHT, chains, flight_size

SPECS = {
    "klaviyo": {"public_api_key": "ABC123", "private_api_key": "pk_0"},
    "statsig": {"server_secret_key": "secret-0"},
}


def integration(vendor: str) -> Integration:
    return install(vendor, {"destination": vendor, "config": SPECS[vendor]})


def waiting(number: int, person: str = "u1", records: int = 1) -> Waiting:
    event = {"message_id": f"m{number}", "user_id": person}
    return Waiting(f"{number}-0", orjson.dumps(event), records=tuple({"n": number} for _ in range(records)))


def parcel(*members: Waiting) -> Parcel:
    return Parcel(members, (), "key", Cut(members))


def refused(*culprits: int) -> Exchange:
    return Exchange(Request("POST", "http://x", {}), None, Reading(Verdict.INVALID, culprits=culprits), 1.0)


MEMBERS = st.lists(st.integers(1, 3), min_size=2, max_size=12).map(
    lambda counts: [waiting(number, records=count) for number, count in enumerate(counts)]
)


@given(MEMBERS, st.lists(st.integers(0, 40), max_size=4))
def test_a_refused_parcel_is_parted_without_loss_and_each_part_is_smaller(
    members: list[Waiting], culprits: list[int]
) -> None:
    found = parts(parcel(*members), refused(*culprits))
    assert sorted(member.id for part in found for member in part) == sorted(member.id for member in members)
    assert all(0 < len(part) < len(members) for part in found)
    whole = [member.id for member in members]
    assert all([whole.index(member.id) for member in part] == sorted(whole.index(m.id) for m in part) for part in found)


@given(MEMBERS, st.integers(0, 40))
def test_the_event_a_vendor_names_is_alone(members: list[Waiting], culprit: int) -> None:
    owners = list(chain.from_iterable([member] * len(member.records) for member in members))
    if culprit < len(owners):
        assert [owners[culprit]] in parts(parcel(*members), refused(culprit))


@pytest.mark.parametrize("number", [2, 200], ids=["a small body", "a large one"])
def test_a_sealed_batch_sends_and_shows_what_it_did(number: int) -> None:
    statsig, members = integration("statsig"), [waiting(one) for one in range(number)]
    for member in members:
        member.records = ({"eventName": "bought for secret-0", "user": {"userID": member.person}},)
    made = pack(statsig, members, Cut(members))
    ((request, _),) = made.requests
    before = request.body(), masked_request(statsig, replace(request))
    seal(made)
    assert (request.body(), masked_request(statsig, request)) == before
    assert "secret-0" not in str(before[1])
    assert (request.json, made.requests[0][1], {member.records for member in members}) == (None, (), {()})


@given(st.lists(st.sampled_from("abc"), max_size=20))
def test_single_events_of_one_person_go_one_after_another_in_order(persons: list[str]) -> None:
    parcels = [parcel(waiting(number, person)) for number, person in enumerate(persons)]
    found = chains(integration("klaviyo"), parcels)
    assert len(found) == len(set(persons))
    for line in found:
        ids = [each.members[0].id for each in line]
        person = line[0].members[0].person
        assert ids == [f"{number}-0" for number, each in enumerate(persons) if each == person]


def test_batches_go_one_after_another() -> None:
    parcels = [parcel(waiting(0), waiting(1, "u2")), parcel(waiting(2))]
    assert [list(line) for line in chains(integration("statsig"), parcels)] == [parcels]
    assert chains(integration("statsig"), []) == []


@pytest.mark.parametrize(
    ("limits", "tightened", "size"),
    [
        ((), (), FLIGHT),
        ((Limit(350, 1, ""), Limit(3500, 60, "")), (), 29),
        ((Limit(350, 1, ""),), (Limit(10, 1, ""),), 5),
        ((Limit(1, 10, ""),), (), 1),
    ],
)
def test_a_flight_of_single_events_is_what_half_a_second_lets_go(
    limits: tuple[Limit, ...], tightened: tuple[Limit, ...], size: int
) -> None:
    assert flight_size(replace(integration("klaviyo"), limits=limits, tightened=tightened)) == size


@pytest.mark.parametrize(
    ("most", "rate", "size"),
    [(500, 50, 500), (10_000, 50, 1_000), (10_000, 3, 10_000), (500, None, 500), (10_000, None, 1_000)],
    ids=["one batch", "large, often", "large, seldom", "lifted", "large, lifted"],
)
def test_a_flight_of_a_batching_vendor_is_one_request(most: int, rate: int | None, size: int) -> None:
    limits = (Limit(rate, 1, ""),) if rate else ()
    assert flight_size(replace(integration("statsig"), batch=Batch(most), limits=limits)) == size


def test_the_retry_ladder_is_the_designs() -> None:
    minute, hour = 60, 3_600
    ladder = [5, 30, 2 * minute, 10 * minute, 30 * minute, hour, 2 * hour, 4 * hour, 8 * hour, 8 * hour]
    assert [wait / 1_000 for wait in RETRIES_MS] == ladder
