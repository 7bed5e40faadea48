"""One HTTP request to a vendor, before it is sent: what explain shows and the fleet delivers."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import orjson

_UNSAFE = re.compile(r"[^A-Za-z0-9_.~-]")


@dataclass(slots=True)
class Request:
    """A request with a JSON body, a form body, or none. ``compress`` gzips the body on its way out.

    ``headers`` are the vendor's; Content-Length is added by the sender. Not to be changed once made, since its payload
    is encoded only once; unfrozen because freezing makes making it three times as dear (1.0 instead of 0.3 µs).
    """

    method: str
    url: str
    headers: Mapping[str, str]
    json: Any = None
    form: Mapping[str, str] | None = None
    compress: bool = False
    _payload: bytes | None = field(default=None, init=False, repr=False, compare=False)

    def payload(self) -> bytes | None:
        """The body before compression, in bytes."""
        if self._payload is None:
            if self.form is not None:
                self._payload = encode_pairs(self.form).encode()
            elif self.json is not None:
                self._payload = orjson.dumps(self.json)
        return self._payload

    def seal(self) -> None:
        """Encode a JSON body now, and keep nothing else of what it is made of."""
        self.payload()
        self.json = None

    def body(self) -> bytes | None:
        """The body as it goes over the wire."""
        payload = self.payload()
        return gzip.compress(payload, 1, mtime=0) if payload and self.compress else payload


def encode_pairs(pairs: Mapping[str, str]) -> str:
    """Encode a query string or form body, a space as ``%20``.

    Values are escaped character by character: most need it for few or none, and ``quote`` costs three times as much
    (18 pairs: 16 µs, so 5).
    """
    return "&".join([f"{_name(name)}={_UNSAFE.sub(_escaped, value)}" for name, value in pairs.items()])


@lru_cache(maxsize=8192)
def _name(name: str) -> str:
    return quote(name, safe="")


@lru_cache(maxsize=1024)
def _escape(character: str) -> str:
    return quote(character, safe="")


def _escaped(found: re.Match[str]) -> str:
    return _escape(found[0])
