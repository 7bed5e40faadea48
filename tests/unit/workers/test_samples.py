"""Large bodies are masked only as far as they are shown, and tell nothing of a secret at their end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from destinations.form.integration import install
from destinations.form.request import Request
from workers.samples import SHOWN, masked_request

SECRET = "secret-/0123456789é"


@pytest.mark.parametrize("before", range(SHOWN - 3 * len(SECRET), SHOWN + 3, 7))
@pytest.mark.parametrize("earlier", [0, 40], ids=["alone", "after others"])
def test_a_large_body_shows_no_part_of_a_secret(before: int, earlier: int) -> None:
    spec = {"destination": "statsig", "config": {"server_secret_key": "secret-0123456789"}}
    integration = replace(install("statsig", spec), secrets=(SECRET,))
    body = [SECRET * earlier, "x" * (before - earlier * len(SECRET)) + SECRET + "y" * 3 * SHOWN]
    shown = masked_request(integration, Request("POST", "https://a.example/", {}, json=body))["body"]
    assert "secret" not in shown
    assert "0123" not in shown
    assert SHOWN - 12 * len(SECRET) - 20 * earlier < len(shown.encode()) <= SHOWN
