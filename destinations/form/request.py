"""One HTTP request to a vendor, before it is sent: what explain shows and the fleet delivers."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import orjson


@dataclass(frozen=True, slots=True)
class Request:
    """A request with a JSON body, a form body, or none. ``compress`` gzips the body on its way out.

    ``headers`` are the vendor's; Content-Length is added by the sender.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    json: Any = None
    form: Mapping[str, str] | None = None
    compress: bool = False

    def payload(self) -> bytes | None:
        """The body before compression, in bytes."""
        if self.form is not None:
            return encode_pairs(self.form).encode()
        return None if self.json is None else orjson.dumps(self.json)

    def body(self) -> bytes | None:
        """The body as it goes over the wire."""
        payload = self.payload()
        return gzip.compress(payload, 1, mtime=0) if payload and self.compress else payload


def encode_pairs(pairs: Mapping[str, str]) -> str:
    """Encode a query string or form body, a space as ``%20``."""
    return "&".join(
        f"{quote_plus(k).replace('+', '%20')}={quote_plus(v).replace('+', '%20')}" for k, v in pairs.items()
    )
