from __future__ import annotations

from typing import Any

import pytest

from destinations.form.explain import explain
from destinations.form.integration import InvalidSpec, install
from destinations.form.parts import Batch, Limit
from schemas.event import load_event

SPEC: dict[str, Any] = {
    "destination": "statsig",
    "variant": "retail",
    "config": {"server_secret_key": "secret-0123456789"},
}
EVENT = {"type": "track", "event": "Order Completed", "user_id": "u", "message_id": "m", "properties": {"revenue": "x"}}


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ({"destination": "statsg"}, ["destination: there is no 'statsg'; nearest: 'statsig'; there are "]),
        ({}, ["destination: Missing data for required field."]),
        (
            {
                "destination": "statsig",
                "variant": "retial",
                "config": {"server_secret_ky": "secret-1"},
                "consent": "marketing",
                "timeut": 1,
            },
            [
                "consent: ",
                "timeut: Unknown field.",
                "variant: statsig has no 'retial'; nearest: 'retail'; it has default, retail",
                "config.server_secret_key: Missing data for required field.",
                "config.server_secret_ky: Unknown field. Nearest: 'server_secret_key'",
            ],
        ),
        (
            {**SPEC, "config": {}, "blueprint": {"fields": {"value": "nmber(properties.revenue)"}}},
            [
                "config.server_secret_key: Missing data for required field.",
                "blueprint.fields.value: nmber(properties.revenue): there is no function nmber(); nearest: 'number'; ",
            ],
        ),
        ({**SPEC, "limits": {"lifted": True}}, ["limits.lifted: "]),
    ],
)
def test_every_fault_of_a_spec_at_once(spec: dict[str, Any], faults: list[str]) -> None:
    with pytest.raises(InvalidSpec) as raised:
        install("x", spec)
    found = raised.value.faults
    assert len(found) == len(faults)
    assert [fault for fault in faults if not any(line.startswith(fault) for line in found)] == []


def test_installing_what_was_installed_gives_the_same() -> None:
    once = install("x", {**SPEC, "blueprint": {"events": {"page": None}}, "consent": ["ads"]}, revision=3)
    again = install("x", once.spec, revision=3)
    assert again.spec == once.spec
    assert again.blueprint.data == once.blueprint.data
    assert (again.consent, again.revision, again.timeout, again.account) == (("ads",), 3, (3.0, 10.0), once.account)


@pytest.mark.parametrize(
    ("limits", "vendors", "own"),
    [
        ({}, True, ()),
        ({"requests_per_second": 2}, True, (Limit(2, 1.0, "this integration"),)),
        ({"requests_per_second": 0.5}, True, (Limit(1, 2.0, "this integration"),)),
        (
            {"requests_per_second": 1.5, "requests_per_minute": 7, "lifted": True},
            False,
            (Limit(3, 2.0, "this integration"), Limit(7, 60.0, "this integration")),
        ),
    ],
)
def test_limits_are_tightened_or_lifted(limits: dict[str, Any], vendors: bool, own: tuple[Limit, ...]) -> None:
    integration = install("x", {**SPEC, "limits": limits, "base_url": "http://127.0.0.1:8090/statsig/"})
    assert bool(integration.limits) is vendors
    assert integration.tightened == own
    assert integration.origin == "http://127.0.0.1:8090/statsig"
    assert isinstance(integration.batch, Batch)


def test_no_account_is_named_by_a_secret() -> None:
    integration = install("x", SPEC)
    assert integration.secrets == ("secret-0123456789",)
    assert "0123456789" not in integration.account
    assert "0123456789" not in repr(integration)


@pytest.mark.parametrize(
    ("spec", "event", "outcome", "reason"),
    [
        ({}, EVENT, "send", None),
        ({"consent": ["ads"]}, EVENT, "drop", "consent: not granted: ads"),
        ({"consent": ["ads"], "on_missing_consent": "allow"}, EVENT, "send", None),
        ({"consent": ["ads"]}, {**EVENT, "context": {"consent": {"ads": True}}}, "send", None),
        (
            {},
            {**EVENT, "event": "order_completed"},
            "drop",
            "unmapped: 'order_completed' is not mapped; nearest: 'Order Completed'",
        ),
        (
            {"blueprint": {"fields": {"time": "epoch_seconds(timestamp)"}}},
            {**EVENT, "timestamp": 1749200400},
            "reject",
            "time: 1749200400 is not unix milliseconds; ",
        ),
    ],
)
def test_explain_says_what_would_happen(
    spec: dict[str, Any], event: dict[str, Any], outcome: str, reason: str | None
) -> None:
    [row] = explain(event, [install("shop", SPEC | spec)])
    keys = ["message_id", "integration", "destination", "outcome", "reason", "repairs", "warnings", "request"]
    assert list(row) == keys
    assert (row["message_id"], row["integration"], row["destination"], row["outcome"]) == (
        "m",
        "shop",
        "statsig",
        outcome,
    )
    assert (row["reason"] or "").startswith(reason or "")
    assert (row["reason"] is None) is (reason is None)
    assert (row["request"] is not None) is (outcome == "send")


def test_explain_hides_secrets_unless_asked() -> None:
    event = {**EVENT, "properties": {"note": "is secret-0123456789"}}
    integration = install("shop", SPEC)
    assert "0123456789" not in str(explain(event, [integration]))
    assert str(explain(event, [integration], reveal=True)).count("secret-0123456789") == 2


def test_a_refused_event_is_one_row_with_all_its_faults() -> None:
    [row] = explain({"type": "trak", "messageId": "m"}, [install("a", SPEC), install("b", SPEC)])
    assert (row["integration"], row["outcome"], row["request"], row["message_id"]) == (None, "reject", None, "m")
    assert "type: " in row["reason"]
    assert "user_id: " in row["reason"]


def test_an_event_of_several_requests_names_them_all() -> None:
    spec = {
        "destination": "kissmetrics",
        "config": {"api_key": "k1234567", "alias_on_identify": True, "set_traits_on_identify": True},
    }
    event = {"type": "identify", "user_id": "u", "anonymous_id": "a", "traits": {"email": "j@example.com"}}
    [row] = explain(event, [install("k", spec)])
    assert [request["url"].split("?")[0][-2:] for request in (row["request"], *row["then"])] == ["/a", "/s"]


def test_expressions_do_not_see_secrets() -> None:
    fields = {"plain": "config.environment", "piece": "config.server_secret_key", "all": "to_string(config)"}
    config = {"server_secret_key": "secret-0123456789", "environment": "staging"}
    integration = install("s", {"destination": "statsig", "config": config, "blueprint": {"fields": fields}})
    draft = integration.blueprint.apply(load_event({"type": "page", "user_id": "u"}), integration.config)
    assert draft.record["plain"] == "staging"
    assert "piece" not in draft.record
    assert "secret-" not in draft.record["all"]
