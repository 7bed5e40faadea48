"""Write keys: kept as hashes, found until they end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.engine.fleet import Fleet
from tests.engine.waiting import wait_until
from workers import process, write_keys
from workers.write_keys import Source, Unknown

pytestmark = pytest.mark.engine


@pytest.fixture
def store(fleet: Fleet) -> Fleet:
    """A fleet with a pipeline that has origins and a rate."""
    fleet.document["pipelines"]["store"] = {"integrations": [], "origins": ["https://shop.example.com"], "rate": 50}
    fleet.add({"statsig": fleet.spec("statsig")}, pipeline="store")
    return fleet


def test_a_key_opens_its_pipeline_and_only_its_hash_is_kept(store: Fleet) -> None:
    made, key = write_keys.create("store", name="web shop")
    assert write_keys.look_up(key) == Source(made.id, "store", frozenset({"https://shop.example.com"}), 50)
    assert write_keys.look_up(f"{key}x") is None
    assert write_keys.look_up("\udcff") is None
    assert key not in store.everything()
    assert write_keys.listed("store") == [made]
    assert (made.name, write_keys.listed("default")) == ("web shop", [])


def test_a_rotated_key_ends_when_it_was_to_and_a_revoked_one_at_once(store: Fleet) -> None:
    first, former = write_keys.create("store", name="app")
    second, key = write_keys.rotate("store", first.id, keep_ms=800)
    assert all(write_keys.look_up(each) for each in (former, key))
    both = {(each.id, each.name, bool(each.until)) for each in write_keys.listed("store")}
    assert both == {(first.id, "app", True), (second.id, "app", False)}
    wait_until(lambda: _fresh(former) is None, 5)
    third, _ = write_keys.create("store")
    assert {each.id for each in write_keys.listed()} == {second.id, third.id}
    write_keys.revoke("store", second.id)
    assert _fresh(key) is None


def test_a_key_of_a_pipeline_that_is_gone_opens_nothing_until_it_is_back(store: Fleet) -> None:
    _, key = write_keys.create("store")
    document = dict(store.document["pipelines"])
    store.document["pipelines"] = {"other": document["store"]}
    store.apply(prune=True)
    assert _fresh(key) is None
    store.document["pipelines"] = document
    store.apply()
    assert _fresh(key) is not None


def test_a_rate_that_was_changed_begins_anew(store: Fleet) -> None:
    slow = Source("key", "store", frozenset(), rate=0.001)
    assert [write_keys.spend(slow, 1) > 0 for _ in range(2)] == [False, True]
    fast = replace(slow, rate=1000)
    assert [write_keys.spend(fast, 500) for _ in range(2)] == [0, 0]
    assert write_keys.spend(slow, 1) == 0


def test_what_is_not_there_is_named(store: Fleet) -> None:
    made, _ = write_keys.create("store")
    with pytest.raises(Unknown, match="no pipeline 'shop'"):
        write_keys.create("shop")
    for act in (write_keys.rotate, write_keys.revoke):
        with pytest.raises(Unknown, match=f"no write key 'x'; there are {made.id}"):
            act("store", "x")


def test_a_key_has_a_second_s_worth_at_once_and_a_large_batch_is_waited_for_afterwards(store: Fleet) -> None:
    _, key = write_keys.create("store")
    source = write_keys.look_up(key)
    assert source
    assert [write_keys.spend(source, 1) for _ in range(50)] == [0.0] * 50
    other = replace(source, key_id="another", rate=10)
    assert write_keys.spend(other, 200) == 0
    assert 17 < write_keys.spend(other, 1) <= 19.2
    assert write_keys.spend(replace(source, rate=None), 10**6) == 0


def _fresh(key: str) -> Source | None:
    """What another process would find."""
    process.forget()
    return write_keys.look_up(key)
