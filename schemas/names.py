"""Names of integrations and pipelines: they become queue names, Redis keys and labels of metrics."""

from __future__ import annotations

import re
import unicodedata

from marshmallow import ValidationError

from schemas import shown

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
RESERVED = frozenset({"route", "inbox", "dead", "aside", "replays"})
"""Names of queues and places of our own."""


def check_name(name: object) -> None:
    """Refuse what is no name: lower-case letters, digits and hyphens, at most 63, not beginning with a hyphen."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValidationError(
            f"{shown.value(name)} is not a name; use at most 63 of a-z, 0-9 and hyphens, a letter or digit first"
        )


def check_integration_name(name: object) -> None:
    """Refuse what is no name, or one of ours."""
    check_name(name)
    if name in RESERVED:
        raise ValidationError(f"is reserved, as are {', '.join(sorted(RESERVED - {name}))}; choose another name")


def slug(label: str) -> str:
    """The name that a label gives: ``Klaviyo UK`` → ``klaviyo-uk``. Raises ``ValidationError`` when it gives none."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not name:
        raise ValidationError(f"{shown.value(label)} has no letter or digit of which to make a name for the queue")
    check_integration_name(name)
    return name
