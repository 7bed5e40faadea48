"""Reading request bodies as a vendor's front door does: gzip where it is understood, then JSON."""

from __future__ import annotations

import zlib
from typing import Any

import orjson

from destinations.sandbox.exchange import Call


class UnreadableBody(ValueError):
    """The body is not what its headers say it is."""


class BodyTooLarge(ValueError):
    """The body, after decompression, is over the vendor's limit."""


def plain_body(call: Call, limit: int) -> bytes:
    """The body of a vendor that understands gzip, decompressed; never more than ``limit`` bytes of it."""
    encoding = call.headers.get("Content-Encoding", "identity")
    if encoding == "gzip":
        return _gunzip(call.body, limit)
    if encoding != "identity":
        raise UnreadableBody(f"Content-Encoding {encoding} is not supported.")
    return within(call.body, limit)


def within(body: bytes, limit: int) -> bytes:
    """The same body, if it is no longer than ``limit``."""
    if len(body) > limit:
        raise BodyTooLarge(f"The request body is larger than {limit} bytes.")
    return body


def parse_json(body: bytes) -> Any:
    """The JSON value of a body."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnreadableBody(f"JSON parse error - {error}") from error


def is_json(call: Call, *content_types: str) -> bool:
    """Whether the Content-Type says JSON; parameters such as a charset do not matter."""
    return call.headers.get("Content-Type", "").partition(";")[0].strip().lower() in (
        content_types or ("application/json",)
    )


def _gunzip(body: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(31)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise UnreadableBody(f"The body is not gzip: {error}") from error
    within(plain, limit)
    if not unpacker.eof:
        raise UnreadableBody("The gzip body ends early.")
    return plain
