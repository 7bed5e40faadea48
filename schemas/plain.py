"""Plain JSON: what may stand in an event's objects, copied, with a fault for all that may not."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError

from schemas import shown
from schemas.text import NOT_UNICODE, is_unicode
from schemas.value_field import ValueField
from schemas.vocabulary import EventLimits

_LEFT_OUT = object()
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


@dataclass(slots=True)
class Copy:
    """Copies JSON values and collects what is wrong with them, keyed by path.

    Tuples become lists; subclasses of ``str``, ``int``, ``float``, ``dict`` and ``list`` become the plain type.
    What cannot be kept is left out of the copy and named in ``faults``.
    """

    limits: EventLimits
    faults: dict[str, list[str]] = field(default_factory=dict)
    values: int = 0

    def object(self, found: dict[Any, Any], path: str = "", depth: int = 2) -> dict[str, Any]:
        """Copy an object that stands at ``depth`` (an event's ``properties``: 2)."""
        copy = {}
        for key, value in found.items():
            if not self._is_key(key, path):
                continue
            kept = self._value(value, _below(path, key), depth)
            if kept is not _LEFT_OUT:
                copy[str.__str__(key)] = kept
        return copy

    def _value(self, value: Any, path: str, depth: int) -> Any:
        self.values += 1
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return str.__str__(value) if is_unicode(value) else self._fault(path, NOT_UNICODE)
        if isinstance(value, int | float):
            return self._number(value, path)
        if isinstance(value, dict | list | tuple):
            return self._container(value, path, depth + 1)
        return self._fault(path, f"is {shown.kind(value)}, which JSON does not know; give a string or a number")

    def _number(self, value: float, path: str) -> Any:
        if isinstance(value, int):
            if _SMALLEST <= value <= _LARGEST:
                return int(value)
            return self._fault(path, "is an integer beyond 64 bits; give it as a string")
        if math.isfinite(value):
            return float(value)
        return self._fault(path, f"is {value}, which JSON does not know; leave it out")

    def _container(self, value: Any, path: str, depth: int) -> Any:
        if depth > self.limits.max_depth:
            return self._fault(
                path, f"is nested more than {self.limits.max_depth} levels deep, the event being the first; flatten it"
            )
        if self.values + len(value) > self.limits.max_bytes:
            return self._fault(path, f"takes the event beyond {self.limits.max_bytes:,} values; send less")
        if isinstance(value, dict):
            return self.object(value, path, depth)
        kept = (self._value(item, _below(path, index), depth) for index, item in enumerate(value))
        return [item for item in kept if item is not _LEFT_OUT]

    def _is_key(self, key: Any, path: str) -> bool:
        if not isinstance(key, str):
            self._fault(path, f"has the key {shown.value(key)}, which is no string; JSON keys are strings")
        elif not is_unicode(key):
            self._fault(_below(path, key), NOT_UNICODE)
        else:
            return True
        return False

    def _fault(self, path: str, sentence: str) -> Any:
        self.faults.setdefault(path, []).append(sentence)
        return _LEFT_OUT


def _below(path: str, key: str | int) -> str:
    name = shown.text(key) if isinstance(key, str) else str(key)
    return f"{path}.{name}" if path else name


class PlainObject(ValueField[dict[str, Any]]):
    """A JSON object of an event, directly below it; the schema it stands in has the ``limits``."""

    def _read(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError(f'must be an object like {{"key": "value"}}, not {shown.value(value)}')
        copy = Copy(_limits(self.parent))
        kept = copy.object(value)
        if copy.faults:
            raise ValidationError(dict(copy.faults), valid_data=kept)
        return kept


def _limits(schema: object) -> EventLimits:
    limits = getattr(schema, "limits", None)
    return limits if isinstance(limits, EventLimits) else EventLimits()
