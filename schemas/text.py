"""Names and ids of an event."""

from __future__ import annotations

from typing import Any
from unicodedata import category

from marshmallow import ValidationError

from schemas import shown
from schemas.value_field import ValueField
from schemas.vocabulary import LONGEST_TEXT


def is_unicode(value: str) -> bool:
    """Whether a text can be written as UTF-8; a lone surrogate (half of a cut emoji) cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


NOT_UNICODE = "holds half of a surrogate pair, which is not valid Unicode; cut text between characters"


class Text(ValueField[str]):
    """Text that says something: not blank, at most 255 characters."""

    def _read(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError(f"must be a string, not {shown.value(value)}")
        if not value.strip():
            raise ValidationError("is empty; give it a value or leave it out")
        if len(value) > LONGEST_TEXT:
            raise ValidationError(f"has {len(value):,} characters; at most {LONGEST_TEXT} are kept, shorten it")
        if not is_unicode(value):
            raise ValidationError(NOT_UNICODE)
        return str.__str__(value)


def has_controls(value: str) -> bool:
    """Whether a text holds a line break, or another control character."""
    return not value.isprintable() and any(category(character) == "Cc" for character in value)


class Id(Text):
    """An identifier; an integer becomes its string."""

    def _read(self, value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 128:
            return str(int(value))
        if isinstance(value, int | float):
            raise ValidationError(f"must be a string or an integer, not {shown.value(value)}; write it in quotes")
        return super()._read(value)


class MessageId(Id):
    """What makes an event itself: an identifier on one line, for it stands in lists of them."""

    def _read(self, value: Any) -> str:
        read = super()._read(value)
        if has_controls(read):
            raise ValidationError(
                f"holds a line break or another control character: {shown.value(read)}; leave it out of the id"
            )
        return read
