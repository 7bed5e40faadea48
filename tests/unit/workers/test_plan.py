from __future__ import annotations

import orjson

from workers.plan import Plan, Share


def test_a_plan_says_who_gets_which_event_and_what_was_filtered() -> None:
    plan = Plan({"one": Share(), "two": Share()}, last="17-9", digests=["d"])
    plan.accept(b"first", ["one", "two"], "m-first")
    plan.accept(b"for nobody", [], "m-0")
    plan.accept(b"second", ["two"], "m-second")
    plan.filter("one", "unmapped", "m2", "note")
    plan.filter("one", "unmapped", "m3", "note")
    plan.filter("one", "consent", "m4")
    plan.counts["routed"] += 3
    packed = orjson.loads(plan.packed("7", 4, 99, [{"t:a": b"1", "user": b'"u1"'}]))
    assert plan.bodies == [b"first", b"second"]
    assert packed["integrations"] == [
        {"name": "one", "events": [1], "filtered": {"filtered:unmapped": 2, "filtered:consent": 1}, "unmapped": {}},
        {"name": "two", "events": [1, 2], "filtered": {}, "unmapped": {}},
    ]
    assert packed["fates"] == [
        ["one", "filtered:unmapped", "note", 2, "m2\nm3"],
        ["one", "filtered:consent", "", 1, "m4"],
    ]
    assert packed["people"] == [["t:a", "1", "user", '"u1"']]
    assert (packed["lane"], packed["mark_sets"], packed["mark_ms"]) == ("7", 4, 99)
    assert (packed["last"], packed["beyond"]) == ("17-9", "17-10")
    assert (packed["digests"], packed["counts"]) == (["d"], {"routed": 3})
