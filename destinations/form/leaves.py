"""Nested objects made flat, for vendors whose records have one level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from destinations.form.names import title


def leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Name and value of everything in ``tree`` that is no object and not null; inner names follow after dots.

    ``{"Shipping": {"first_name": "Jo"}}`` → ``Shipping.First Name``: names within are written for people, as those
    at the top already are.
    """
    for name, value in tree.items():
        if type(value) is dict:
            yield from leaves({title(inner): below for inner, below in value.items()}, f"{prefix}{name}.")
        elif value is not None:
            yield prefix + name, value
