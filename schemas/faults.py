"""Faults as lines an operator can act on: the place, a colon, the sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas import shown


def flatten(messages: Any, prefix: str = "") -> list[str]:
    """Turn marshmallow's nested messages into lines: ``integrations.klaviyo-uk.config.api_key: Missing data …``.

    A fault of a whole object (marshmallow's ``_schema``) is placed at that object; at the root, with no
    ``prefix``, it stands without a place.
    """
    return list(_lines(messages, prefix))


def _lines(messages: Any, place: str) -> Iterator[str]:
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from _lines(below, place if key in ("_schema", "") else _join(place, key))
    elif isinstance(messages, list | tuple):
        for message in messages:
            yield from _lines(message, place)
    else:
        yield f"{place}: {messages}" if place else str(messages)


def _join(place: str, key: object) -> str:
    name = shown.text(str(key))
    return f"{place}.{name}" if place else name
