"""The base URL of a sandbox or proxy."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError

from schemas import shown
from schemas.value_field import ValueField

_REMEDY = "write http:// or https://, a host, and at most a port and a path"


class BaseUrl(ValueField[str]):
    """An http or https URL without user, query or fragment; a slash at its end goes."""

    def _read(self, value: Any) -> str:
        if not isinstance(value, str) or not value.isascii() or any(c.isspace() or not c.isprintable() for c in value):
            raise ValidationError(f"Must be a URL, not {shown.value(value)}; {_REMEDY}.")
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError as error:
            raise ValidationError(f"{shown.value(value)} is not a URL ({error}); {_REMEDY}.") from None
        if parts.username is not None:
            raise ValidationError("Must not hold a user or password; put them in config.")
        if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0 or "?" in value or "#" in value:
            raise ValidationError(f"{shown.value(value)} is not a base URL; {_REMEDY}.")
        return value.rstrip("/")
