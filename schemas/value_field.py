"""The marshmallow field all of ours are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from marshmallow import fields

T = TypeVar("T")


class ValueField(fields.Field[T]):
    """A field that looks at nothing but its value: subclasses define ``_read``, raising ``ValidationError``."""

    def _read(self, value: Any) -> T:
        """Turn what was given into what is kept."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> T:
        del attr, data, kwargs
        return self._read(value)
