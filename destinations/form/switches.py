"""An event's own switches, Segment's ``integrations``: ``{"All": false, "Klaviyo": true}`` is for Klaviyo alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

EVERY = "all"


def allow(switches: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Whether an event with these switches is for an integration known under these names, the closest one first.

    Names are compared without regard to case. What is not switched goes by ``All``, and that is on unless it is false;
    a value other than false, such as an object of options, is on, and null says nothing.
    """
    said = {name.casefold(): value for name, value in switches.items() if value is not None}
    for name in (*names, EVERY):
        value = said.get(name.casefold())
        if value is not None:
            return value is not False
    return True
