"""The configuration file: what is kept, and every fault with its place."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from schemas.blueprint import BlueprintSchema
from schemas.faults import flatten
from schemas.fleet_file import FleetFileSchema
from schemas.integration import IntegrationSchema
from schemas.pipeline import PipelineSchema

BLUEPRINT = {
    "unmapped": "forward",
    "events": {"Signed Up": "signed_up", "page": None, "Order": {"name": "order", "fields": {"value": None}}},
    "fields": {"value": "properties.revenue", "user.custom.plan": None},
    "rest": None,
}
KLAVIYO = {
    "destination": "klaviyo",
    "config": {"public_api_key": "ABC123"},
    "consent": ["marketing"],
    "base_url": "http://sandbox_1:8090/klaviyo/",
    "limits": {"requests_per_second": "50", "lifted": True},
    "blueprint": BLUEPRINT,
}


def faults_of(file: Any, installed: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(ValidationError) as refusal:
        FleetFileSchema(installed).load(file)
    return flatten(refusal.value.messages)


def test_an_integration_is_kept_with_its_defaults_and_loads_again() -> None:
    loaded = IntegrationSchema().load(KLAVIYO)
    assert loaded == {
        **KLAVIYO,
        "variant": "default",
        "on_missing_consent": "deny",
        "base_url": "http://sandbox_1:8090/klaviyo",
        "limits": {"requests_per_second": 50.0, "requests_per_minute": None, "lifted": True},
        "enabled": True,
        "max_waiting": None,
        "overflow": "block",
        "max_wait": None,
        "on_doubt": "resend",
        "timeout": {"connect": 3.0, "total": 10.0},
        "label": None,
    }
    assert IntegrationSchema().load(loaded) == loaded


def test_null_means_not_given() -> None:
    bare = IntegrationSchema().load({"destination": "statsig"})
    assert IntegrationSchema().load(dict.fromkeys(bare, None) | {"destination": "statsig"}) == bare


def test_a_blueprint_has_its_defaults() -> None:
    assert BlueprintSchema().load({"rest": {}}) == {
        "unmapped": "drop",
        "events": {},
        "fields": {},
        "rest": {"from": "properties", "into": "", "style": "as_is", "except": [], "named": "omit"},
    }


def test_a_pipeline_may_name_what_was_installed_before() -> None:
    file = {"pipelines": {"store": {"integrations": ["klaviyo-uk"]}}}
    loaded = FleetFileSchema(["klaviyo-uk"]).load(file)["pipelines"]
    assert loaded == {"store": {"integrations": ["klaviyo-uk"], "origins": [], "rate": None}}
    assert faults_of(file, ("klaviyo",)) == [
        "pipelines.store.integrations: There is no integration klaviyo-uk; did you mean klaviyo?"
    ]


def test_a_pipeline_s_names_are_all_looked_at_whatever_else_is_wrong_with_it() -> None:
    listed = ["klaviyo-uk", "klaviyo-uk", "Statsig", "new"]
    file = {"pipelines": {"store": {"integrations": listed, "rate": 0}}, "integrations": {"new": {}}}
    told = [fault for fault in faults_of(file) if fault.startswith("pipelines")]
    assert sorted(fault.removeprefix("pipelines.store.").partition("; ")[0] for fault in told) == [
        'integrations.2: "Statsig" is not a name',
        "integrations: Names klaviyo-uk more than once",
        "integrations: There is no integration klaviyo-uk",
        "rate: Must be a number greater than 0, not 0.",
    ]


def test_every_fault_of_a_file_has_its_place() -> None:
    file = {
        "pipelines": {
            "Store": {"integrations": ["a"]},
            "none": {"integrations": []},
            "twice": {"integrations": ["a", "a"]},
            "web": {"integrations": ["a"], "origins": ["https://a.example/b", "a.example"], "rate": 0},
        },
        "integrations": {
            "route": {"destination": "statsig"},
            "a": {"limits": {"lifted": True, "requests_per_minute": 0}, "timeout": {"connect": 20}, "colour": "red"},
            "beyond": {"destination": "statsig", "limits": {"requests_per_second": 1e-320}, "max_wait": "1e308"},
            "b": {
                "destination": "statsig",
                "config": ["x"],
                "consent": "marketing",
                "base_url": "https://me:secret@host",
                "blueprint": {"fields": {"_d": 1}, "events": {"A": 3, "B": {"nam": "b"}}, "rest": {"style": "loud"}},
            },
        },
    }
    assert faults_of(file) == [
        'pipelines.Store: "Store" is not a name; use at most 63 of a-z, 0-9 and hyphens, a letter or digit first',
        "pipelines.none.integrations: Name at least one integration.",
        "pipelines.twice.integrations: Names a more than once; name each integration once.",
        (
            'pipelines.web.origins.0: "https://a.example/b" is more than an origin; '
            "write scheme, host and at most a port, or *."
        ),
        (
            'pipelines.web.origins.1: "a.example" is not a base URL; '
            "write http:// or https://, a host, and at most a port and a path."
        ),
        "pipelines.web.rate: Must be a number greater than 0, not 0.",
        "integrations.route: is reserved, as are aside, dead, inbox, replays; choose another name",
        "integrations.a.destination: Missing data for required field.",
        "integrations.a.limits.requests_per_minute: Must be a number greater than 0, not 0.",
        "integrations.a.limits.lifted: Only for a sandbox or a proxy: give base_url too, or leave lifted out.",
        "integrations.a.timeout.connect: Must not be longer than total; lower it, or raise total.",
        "integrations.a.colour: Unknown field.",
        "integrations.beyond.limits.requests_per_second: Must be between 0.000001 and 1,000,000,000, not 1e-320.",
        'integrations.beyond.max_wait: Must be between 0.000001 and 1,000,000,000, not "1e308".',
        "integrations.b.config: Must be a mapping, not a list.",
        "integrations.b.consent: Must be a list, like [marketing].",
        "integrations.b.base_url: Must not hold a user or password; put them in config.",
        "integrations.b.blueprint.events.A: Must be a vendor event name, or {name, fields}, not 3.",
        "integrations.b.blueprint.events.B.nam: Unknown field.",
        "integrations.b.blueprint.fields._d: Must be an expression; write the constant 1 between backticks.",
        "integrations.b.blueprint.rest.style: Must be one of: as_is, title, camel, snake.",
    ]


@pytest.mark.parametrize(
    "file", [None, [], "x", {"integrations": [1]}, {"integrations": {1: {}}}, {"pipelines": {"a": 1}}]
)
def test_what_is_no_file_is_refused(file: Any) -> None:
    assert faults_of(file)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x",
        "http://",
        "x",
        "http://h?q=1",
        "http://h#f",
        "http://h:0",
        "http://h:99999",
        "http://[",
        "http://a b",
        3,
    ],
)
def test_what_is_no_base_url(url: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        IntegrationSchema().load({"destination": "statsig", "base_url": url})
    assert [fault.split(":")[0] for fault in flatten(refusal.value.messages)] == ["base_url"]


def test_origins_are_kept_as_browsers_write_them() -> None:
    given = ["HTTPS://Shop.Example.com:443/", "http://localhost:8080", "http://[::1]:80", "*"]
    loaded = PipelineSchema().load({"integrations": ["a"], "origins": given, "rate": "0.5"})
    assert loaded["origins"] == ["https://shop.example.com", "http://localhost:8080", "http://[::1]", "*"]
    assert loaded["rate"] == 0.5
