"""Configurations to show a destination with: its defaults, and what each option can change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from marshmallow import fields, missing, validate

from destinations.form.destination import Destination


def defaults(destination: Destination) -> dict[str, Any]:
    """Every config field with its default; a required one stands as ``<its_name>``, one without a default as None."""
    return {key: f"<{key}>" if field.required else _default(field) for key, field in _fields(destination)}


def alternatives(destination: Destination) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Each option with each value that is not its default, and the whole config with it."""
    usual = defaults(destination)
    for key, field in _fields(destination):
        for value in choices(field):
            if value != usual[key]:
                yield key, value, usual | {key: value}


def choices(field: fields.Field[Any]) -> list[Any]:
    """The values a field may have, where they can be counted."""
    if isinstance(field, fields.Boolean):
        return [False, True]
    return [choice for rule in field.validators if isinstance(rule, validate.OneOf) for choice in rule.choices]


def _default(field: fields.Field[Any]) -> Any:
    default = field.load_default() if callable(field.load_default) else field.load_default
    return None if default is missing else default


def _fields(destination: Destination) -> list[tuple[str, fields.Field[Any]]]:
    return list(destination.config.fields.items())
