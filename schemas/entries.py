"""An object whose keys are the user's own, with its faults placed as the user wrote it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError, fields

from schemas import shown
from schemas.value_field import ValueField


class Entries(ValueField[dict[str, Any]]):
    """``{key: value}``; a value's faults stand directly under its key, where marshmallow's ``Dict`` adds ``value``."""

    def __init__(
        self, values: fields.Field[Any], check_key: Callable[[Any], None] | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.values = values
        self.check_key = check_key or check_text

    def _read(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError(f"Must be a mapping, not {shown.value(value)}.")
        kept: dict[str, Any] = {}
        faults: dict[str, Any] = {}
        for key, entry in value.items():
            try:
                self.check_key(key)
                kept[key] = self.values.deserialize(entry)
            except ValidationError as error:
                faults[shown.text(str(key))] = error.messages
        if faults:
            raise ValidationError(faults, valid_data=kept)
        return kept


def check_text(text: object) -> None:
    """Refuse what is not a string or is blank."""
    if not isinstance(text, str) or not text.strip():
        raise ValidationError(f"{shown.value(text)} must be a string that is not empty.")


def text_field(**options: Any) -> fields.Str:
    """A string that is not blank."""
    return fields.Str(validate=check_text, **options)
