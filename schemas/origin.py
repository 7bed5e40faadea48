"""Origins of browsers: the pages whose scripts may hand in events."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError

from schemas import shown
from schemas.base_url import BaseUrl

ANY = "*"
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(BaseUrl):
    """``https://shop.example.com``, as a browser's ``Origin`` header says it, or ``*`` for every page."""

    def _read(self, value: Any) -> str:
        if value == ANY:
            return ANY
        parts = urlsplit(super()._read(value))
        if parts.path:
            raise ValidationError(
                f"{shown.value(value)} is more than an origin; write scheme, host and at most a port, or {ANY}."
            )
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
        return f"{parts.scheme}://{host}{port}"
