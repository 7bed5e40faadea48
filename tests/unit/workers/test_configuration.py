from __future__ import annotations

from typing import Any

import pytest

from workers.configuration import InvalidFile, check

KLAVIYO = {"destination": "klaviyo", "config": {"public_api_key": "ABC123", "private_api_key": "${TEST_KEY}"}}


def faults(document: Any) -> list[str]:
    with pytest.raises(InvalidFile) as invalid:
        check(document)
    return invalid.value.faults


def test_a_sound_document_is_compiled_with_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "pk_1")
    found = check({"pipelines": {"shop": {"integrations": ["uk"]}}, "integrations": {"uk": KLAVIYO}})
    assert found.pipelines == {"shop": {"integrations": ["uk"], "origins": [], "rate": None}}
    assert found.integrations["uk"].config["private_api_key"] == "pk_1"


def test_every_fault_is_told_at_once_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY", raising=False)
    told = faults(
        {
            "pipelines": {"shop": {"integrations": ["uk", "gone"]}, "Blog!": {"integrations": []}},
            "integrations": {
                "uk": KLAVIYO,
                "route": {"destination": "statsig", "config": {"server_secret_key": "secret-1"}},
                "us": {"destination": "klavio", "config": {}},
                "eu": {"destination": "statsig", "variant": "retial", "config": {"server_secret": "x"}, "enabled": 7},
            },
        }
    )
    for place, what in (
        ("integrations.uk.config.private_api_key", "TEST_KEY"),
        ("pipelines.shop.integrations", "gone"),
        ("pipelines.Blog!", ""),
        ("integrations.route", ""),
        ("integrations.us.destination", "klaviyo"),
        ("integrations.eu.variant", "retail"),
        ("integrations.eu.config.server_secret_key", ""),
        ("integrations.eu.config.server_secret", ""),
        ("integrations.eu.enabled", ""),
    ):
        assert any(fault.startswith(place) and what in fault for fault in told), (place, told)
    assert len(told) == len(set(told))


@pytest.mark.parametrize("document", [[], "text", 7, {"integrations": []}, {"pipelines": 1}, {"integration": {}}])
def test_what_is_no_configuration_at_all_is_a_fault_and_no_crash(document: Any) -> None:
    assert faults(document)


def test_an_empty_file_changes_nothing() -> None:
    empty = check(None)
    assert (empty.pipelines, empty.integrations) == ({}, {})
