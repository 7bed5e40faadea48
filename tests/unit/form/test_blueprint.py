from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from destinations.form.blueprint import InvalidBlueprint, compile_blueprint
from destinations.form.parts import Draft, Drop

VARIANT: dict[str, Any] = {
    "events": {
        "page": "page_view",
        "Order Completed": {"name": "purchase", "fields": {"value": "number(properties.revenue)"}},
    },
    "fields": {"time": "epoch_millis(timestamp)", "user.id": "user_id", "user.ids.anonymous": "anonymous_id"},
    "rest": {"into": "data"},
}


def event(properties: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Order Completed",
        "user_id": "u",
        "timestamp": "2026-06-06T10:00:00Z",
        "properties": properties or {},
        "traits": {},
        "context": {},
        **more,
    }


def apply(override: dict[str, Any], given: dict[str, Any], **options: Any) -> Draft:
    blueprint = compile_blueprint(VARIANT, override, **options)
    before = deepcopy(given)
    draft = blueprint.apply(given, {})
    assert given == before
    assert blueprint.apply(given, {}).record == draft.record
    return draft


@pytest.mark.parametrize(
    ("override", "properties", "record", "repairs"),
    [
        pytest.param({}, {"revenue": "89.90", "a": None, "b": 0}, {"value": 89.9, "data": {"b": 0}}, [], id="page"),
        pytest.param(
            {},
            {"revenue": "abc"},
            {"data": {"revenue": "abc"}},
            ['value: properties.revenue "abc" is not a number; left out of value'],
            id="what does not convert stays in the rest",
        ),
        pytest.param(
            {"rest": {"named": "keep"}}, {"revenue": 1}, {"value": 1, "data": {"revenue": 1}}, [], id="named: keep"
        ),
        pytest.param({"rest": None}, {"revenue": 1, "b": 1}, {"value": 1}, [], id="no rest"),
        pytest.param({"rest": {"except": ["b"]}}, {"b": 1, "c": 1}, {"data": {"c": 1}}, [], id="except"),
        pytest.param(
            {"rest": {"style": "title", "into": ""}},
            {"order_id": 1, "orderId": 2, "time": 3},
            {"Order ID": 1, "Time": 3},
            ["properties.orderId left out: Order ID is set already"],
            id="one name twice",
        ),
        pytest.param(
            {"rest": {"into": ""}},
            {"user": "x", "b": 1},
            {"b": 1},
            ["properties.user left out: user is set already"],
            id="a field is never overwritten",
        ),
        pytest.param(
            {"rest": {"into": "data.deep\\.er"}}, {"b": 1}, {"data": {"deep.er": {"b": 1}}}, [], id="a dot in a name"
        ),
        pytest.param(
            {
                "events": {
                    "Order Completed": {"fields": {"value": "number(properties.total) || number(properties.revenue)"}}
                }
            },
            {"total": "x", "revenue": 5, "b": 1},
            {"value": 5, "data": {"total": "x", "b": 1}},
            ['value: properties.total "x" is not a number; left out of value'],
            id="only the side that won leaves the rest",
        ),
        pytest.param(
            {"events": {"Order Completed": {"fields": {"value": "number(properties.total || properties.revenue)"}}}},
            {"total": "", "revenue": 5},
            {"value": 5, "data": {"total": ""}},
            [],
            id="the same within a call",
        ),
        pytest.param(
            {"events": {"Order Completed": {"fields": {"value": None}}}},
            {"revenue": 1},
            {"data": {"revenue": 1}},
            [],
            id="null",
        ),
        pytest.param(
            {"fields": {"count": "length(properties.products)"}},
            {"products": [1, 2]},
            {"count": 2, "data": {"products": [1, 2]}},
            [],
            id="what is only counted stays in the rest",
        ),
    ],
)
def test_fields_then_rest(
    override: dict[str, Any], properties: dict[str, Any], record: dict[str, Any], repairs: list[str]
) -> None:
    draft = apply(override, event(properties))
    assert draft.record == {"time": 1780740000000, "user": {"id": "u"}, **record}
    assert draft.repairs == repairs


def test_names() -> None:
    blueprint = compile_blueprint(
        VARIANT,
        {"events": {"page": None, "Order Completed": "bought"}},
        extra_events={"identify": "hello"},
        name_path="n.m",
    )
    assert blueprint.name_for(event(type="page")) is None
    assert blueprint.name_for(event(type="identify")) == "hello"
    assert blueprint.apply(event({"revenue": 1}), {}).record["n"] == {"m": "bought"}
    assert blueprint.apply(event({"revenue": 1}), {}).record["value"] == 1, "a new name keeps the row's fields"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("order_completed", "'order_completed' is not mapped; nearest: 'Order Completed'"),
        ("Zzz", "'Zzz' is not mapped"),
    ],
)
def test_an_unmapped_event_is_dropped_and_the_nearest_named(name: str, sentence: str) -> None:
    with pytest.raises(Drop) as raised:
        apply({}, event(event=name))
    assert (raised.value.reason, raised.value.detail) == ("unmapped", sentence)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (event(event="Anything"), "Anything"),
        (event(type="screen"), "screen"),
        (event(type="page"), "page_view"),
        (event(type="identify"), None),
        (event(type="alias"), None),
    ],
)
def test_forward_sends_deeds_not_persons(given: dict[str, Any], name: str | None) -> None:
    assert compile_blueprint(VARIANT, {"unmapped": "forward"}).name_for(given) == name


@pytest.mark.parametrize(
    ("given", "identified"),
    [
        (event(), True),
        (event(user_id=None), False),
        (event(user_id=""), False),
        (event(user_id=None, anonymous_id="a"), True),
        (event(user_id=None, anonymous_id="a", type="page"), True),
    ],
)
def test_needs_are_known_before_and_after_the_transform(given: dict[str, Any], identified: bool) -> None:
    blueprint = compile_blueprint(VARIANT, needs=("user.id", "user.ids.anonymous"))
    assert (blueprint.filtered(given) is None) is identified
    if identified:
        assert blueprint.apply(given, {}).record["user"]
    else:
        with pytest.raises(Drop, match=r"no_identity: none of user\.id, user\.ids\.anonymous has a value"):
            blueprint.apply(given, {})


def test_every_fault_at_once() -> None:
    override = {
        "fields": {"a": "traits.", "user": "traits", "data": "`1`"},
        "events": {"page": {"fields": {"b": "lowr(a)", "time.zone": "`1`"}}},
    }
    with pytest.raises(InvalidBlueprint) as raised:
        compile_blueprint(VARIANT, override)
    places = [fault.split(": ")[0] for fault in raised.value.faults]
    assert {"fields.a", "fields.user", "fields.data", "events.page.fields.b", "events.page.fields.time"} == set(places)


def test_diff_lists_what_an_override_changed() -> None:
    override = {
        "unmapped": "forward",
        "events": {"page": None, "Signed Up": "sign_up"},
        "fields": {"time": "timestamp"},
        "rest": {"style": "snake"},
    }
    assert compile_blueprint(VARIANT, override).diff(VARIANT) == [
        "- unmapped: drop",
        "+ unmapped: forward",
        "- events.page: page_view",
        "- fields.time: epoch_millis(timestamp)",
        "+ fields.time: timestamp",
        "- rest.style: as_is",
        "+ rest.style: snake",
        "+ events.Signed Up: sign_up",
    ]
    assert compile_blueprint(VARIANT).diff(VARIANT) == []


def test_config_is_bound_when_compiled() -> None:
    blueprint = compile_blueprint(
        VARIANT, {"fields": {"phone": "e164(traits.phone, config.country)"}}, config={"country": "GB"}
    )
    draft = blueprint.apply(event(traits={"phone": "07700 900123"}), {})
    assert draft.record["phone"] == "+447700900123"
    draft = blueprint.apply(event(traits={"phone": "x" * 200}), {})
    assert draft.repairs == [f'phone: traits.phone "{"x" * 59}… is not a phone number; left out of phone']
