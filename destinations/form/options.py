"""The settings a destination asks for, each in one line: what its form shows, and what it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from marshmallow import fields, validate

from destinations.form.credentials import one_word

Rule = Callable[[Any], Any]


def secret(label: str, help_text: str) -> fields.Str:
    """A required credential, of one word: encrypted where it is kept, masked wherever it could be seen."""
    about = {"label": label, "help": help_text, "secret": True}
    return fields.Str(required=True, validate=one_word, metadata=about)


def required(label: str, help_text: str, rule: Rule) -> fields.Str:
    """A text that has no default; ``rule`` validates it."""
    return fields.Str(required=True, validate=rule, metadata={"label": label, "help": help_text})


def text(label: str, help_text: str, rule: Rule, default: str | None = None) -> fields.Str:
    """A text that may be left out; without a default it may be null."""
    about = {"label": label, "help": help_text}
    return fields.Str(load_default=default, allow_none=default is None, validate=rule, metadata=about)


def choice(label: str, help_text: str, choices: Sequence[str], default: str | None = None) -> fields.Str:
    """One of a few words; without a default it may be null."""
    return text(label, help_text, validate.OneOf(choices), default)


def flag(label: str, help_text: str) -> fields.Bool:
    """Something to switch on."""
    return fields.Bool(load_default=False, metadata={"label": label, "help": help_text})
