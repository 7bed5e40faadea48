from __future__ import annotations

from typing import Any

import pytest

from destinations.form.consent import lacking


@pytest.mark.parametrize(
    ("own", "known", "on_missing", "missing"),
    [
        ({"marketing": True, "ads": True}, None, "deny", []),
        ({"marketing": True}, {"ads": True}, "allow", ["ads"]),
        ({"marketing": False, "ads": True}, {"marketing": True}, "allow", ["marketing"]),
        ({}, {"marketing": True, "ads": True}, "allow", ["marketing", "ads"]),
        (None, {"marketing": True, "ads": True}, "deny", []),
        (None, {"marketing": False, "ads": True}, "allow", ["marketing"]),
        (None, {}, "deny", ["marketing", "ads"]),
        (None, None, "deny", ["marketing", "ads"]),
        (None, None, "allow", []),
    ],
)
def test_own_consent_then_known_then_the_default(own: Any, known: Any, on_missing: str, missing: list[str]) -> None:
    event = {"context": {} if own is None else {"consent": own}}
    assert lacking(["marketing", "ads"], event, known, on_missing) == missing
    assert lacking([], event, known, on_missing) == []
