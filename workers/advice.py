"""Advice: what a change of the configuration leaves open that the vendor's page recommends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from destinations.form.catalog import catalog
from workers.apply import Change
from workers.registry import REMOVED


def lacking_consent(change: Change) -> Iterator[tuple[str, str, Sequence[str]]]:
    """New and changed integrations that ask for no consent though they should: name, vendor's title, categories."""
    for name, document in sorted(change.integrations.items()):
        if REMOVED in document or document["spec"]["consent"]:
            continue
        destination = catalog()[document["spec"]["destination"]]
        if destination.consent:
            yield name, destination.title, destination.consent
