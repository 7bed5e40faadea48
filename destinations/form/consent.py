"""Consent: may an event go to an integration that needs certain categories?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from destinations.form.parts import Event


def lacking(needed: Sequence[str], event: Event, known: Mapping[str, bool] | None, on_missing: str) -> list[str]:
    """The categories that keep ``event`` back; none when it may go.

    An event's own ``context.consent`` counts alone. Without one the person's last ``known`` consent does, and without
    that ``on_missing``: "allow" or "deny".
    """
    if not needed:
        return []
    own = event["context"].get("consent")
    consent = own if type(own) is dict else known
    if not consent and own is None:
        return [] if on_missing == "allow" else list(needed)
    return [category for category in needed if (consent or {}).get(category) is not True]
