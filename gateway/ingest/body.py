"""Reading a request's body: bounded, also once it is unpacked, and JSON."""

from __future__ import annotations

import json
import zlib
from typing import Any

import orjson
from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from gateway.ingest.refusals import Refusal, malformed, too_large

MOST_BYTES = 512_000
GZIP = 31
"""zlib's number for a gzip header."""


def read_body(request: Request) -> Any:
    """The JSON value of a body. Its content type is not looked at: browsers' beacons say ``text/plain``."""
    return parsed(unpacked(_received(request), request.headers.get("Content-Encoding", "identity").strip().lower()))


def _received(request: Request) -> bytes:
    request.max_content_length = MOST_BYTES + 1  # a chunked body is cut there without a word
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise too_large(MOST_BYTES) from error
    except ClientDisconnected as error:
        raise malformed("the body ended before its stated length") from error
    if len(body) > MOST_BYTES:
        raise too_large(MOST_BYTES)
    return body


def unpacked(body: bytes, encoding: str) -> bytes:
    """A body without its content encoding; refused once it grows beyond what a call may carry."""
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise Refusal(415, "unknown_encoding", "Content-Encoding must be gzip, or left out")
    unpacker = zlib.decompressobj(GZIP)
    try:
        plain = unpacker.decompress(body, MOST_BYTES + 1)
    except zlib.error as error:
        raise malformed(f"the body is not gzip ({error})") from error
    if len(plain) > MOST_BYTES:
        raise too_large(MOST_BYTES)
    if not unpacker.eof:
        raise malformed("the gzip body is cut short")
    return plain


def parsed(body: bytes) -> Any:
    """The value of a JSON text. One bad text in it, such as half an emoji, is left to the event it stands in."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise malformed(f"the body is not JSON ({error})") from error
