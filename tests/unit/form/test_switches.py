from __future__ import annotations

from typing import Any

import pytest

from destinations.form.integration import Integration, install
from schemas.event import load_event

KLAVIYO = {
    "destination": "klaviyo",
    "label": "Klaviyo UK",
    "config": {"public_api_key": "ABC123", "private_api_key": "pk_0123456789abcdef0123456789abcdef01"},
}


@pytest.fixture(scope="module")
def integration() -> Integration:
    return install("klaviyo-uk", KLAVIYO)


@pytest.mark.parametrize(
    ("switches", "wanted"),
    [
        (None, True),
        ({}, True),
        ({"All": True}, True),
        ({"All": False}, False),
        ({"all": False, "Klaviyo": True}, True),
        ({"All": False, "klaviyo-uk": {"list": "x"}}, True),
        ({"All": False, "Klaviyo UK": True}, True),
        ({"All": False, "klaviyo": None}, False),
        ({"All": None}, True),
        ({"KLAVIYO": False}, False),
        ({"Statsig": False}, True),
        ({"Klaviyo": False, "klaviyo-uk": True}, True),
        ({"Klaviyo": True, "Klaviyo UK": False}, False),
        ({"All": False, "Statsig": True}, False),
    ],
)
def test_the_closest_name_decides_then_all(integration: Integration, switches: Any, wanted: bool) -> None:
    event = {"type": "track", "event": "Order Completed", "user_id": "u1", "integrations": switches}
    outcome = integration.screen(load_event(event))
    assert (outcome and outcome.reason) == (None if wanted else "integrations")
