"""The context of an event: Segment's names in snake_case, consent as plain categories."""

from __future__ import annotations

from typing import Any, cast

from marshmallow import ValidationError

from schemas import shown
from schemas.consent import categories
from schemas.plain import PlainObject
from schemas.renames import Faults, renamed
from schemas.vocabulary import CONTEXT_NAMES

_OWN_KEYS = frozenset({"traits", "consent"})
"""Objects whose keys are the producer's own."""


class Context(PlainObject):
    """A plain object; Segment's camelCase names in it, and in the objects directly in it, become snake_case."""

    def _read(self, value: Any) -> dict[str, Any]:
        faults: Faults = {}
        try:
            plain = super()._read(value)
        except ValidationError as error:
            if not error.valid_data:
                raise
            plain, faults = cast(dict[str, Any], error.valid_data), cast(Faults, error.messages)
        context = _normal(plain, faults)
        if faults:
            raise ValidationError(dict(faults), valid_data=context)
        return context


def _normal(plain: dict[str, Any], faults: Faults) -> dict[str, Any]:
    context = {
        key: renamed(value, CONTEXT_NAMES, faults, f"{shown.text(key)}.")
        if isinstance(value, dict) and key not in _OWN_KEYS
        else value
        for key, value in renamed(plain, CONTEXT_NAMES, faults).items()
        if value is not None or key not in _OWN_KEYS
    }
    if "consent" in context:
        context["consent"] = categories(context["consent"], faults)
    if not isinstance(context.get("traits", {}), dict):
        faults["traits"] = [f'must be an object like {{"email": "…"}}, not {shown.value(context.pop("traits"))}']
    return context
