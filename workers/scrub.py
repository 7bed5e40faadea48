"""What may leave for Sentry: where our code failed, never what it was working on."""

from __future__ import annotations

import re
from typing import Any

from destinations.form.masking import mask_value
from workers.confidential import confidential

Report = dict[str, Any]

WITHHELD = "withheld, since it may quote an event; the log has it"
UNWANTED = ("request", "user", "breadcrumbs", "modules")
WRITTEN = ("message", "logentry", "exception", "extra", "tags")
TELLING = ("redis.",)
"""Modules whose exceptions quote no event: their text is sent."""

EMAIL = re.compile(r"[\w.%+-]+@[\w-]+(\.[\w-]+)+")


def scrubbed(report: Report) -> Report:
    """A report without requests, persons, local variables, texts of exceptions, addresses and secrets."""
    kept = {part: value for part, value in report.items() if part not in UNWANTED}
    for error in kept.get("exception", {}).get("values", ()):
        _withhold(error)
    masked = dict(mask_value(kept, confidential()))
    return {part: _without_addresses(value) if part in WRITTEN else value for part, value in masked.items()}


def _withhold(error: Report) -> None:
    if not str(error.get("module") or "").startswith(TELLING):
        error["value"] = WITHHELD
    for frame in (error.get("stacktrace") or {}).get("frames", ()):
        frame.pop("vars", None)


def _without_addresses(value: Any) -> Any:
    if isinstance(value, str):
        return EMAIL.sub("[address]", value)
    if isinstance(value, dict):
        return {key: _without_addresses(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_addresses(inner) for inner in value]
    return value
