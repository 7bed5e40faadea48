"""Finding a person in what the fleet keeps: as whom an event is, and in the text of requests and answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

import orjson

from workers.people import Identifier

SPELLINGS = (
    *(("a", name) for name in ("anonymous_id", "anonymousId", "previous_id", "previousId")),
    *(("u", name) for name in ("user_id", "userId", "previous_id", "previousId")),
)


class Wanted:
    """A person to find: by their ids, and by texts that speak of them (ids, e-mail address, phone number)."""

    def __init__(self, ids: Iterable[Identifier], texts: Iterable[str]) -> None:
        self.ids = frozenset(ids)
        self._written = tuple(_written(identifier) for _, identifier in self.ids)
        spelt = {spelling for text in texts for spelling in spellings(text)}
        parts = "|".join(re.escape(spelling) for spelling in sorted(spelt, key=len, reverse=True))
        self._pattern = re.compile(rf"(?<![\w-])(?:{parts})(?![\w-])")

    def is_of(self, event: Any) -> bool:
        """Whether an event, valid or not, is of this person."""
        if not isinstance(event, Mapping):
            return False
        return any((kind, str(event.get(name))) in self.ids for kind, name in SPELLINGS)

    def is_in(self, body: bytes) -> bool:
        """Whether an event as our own code wrote it is of this person."""
        return any(written in body for written in self._written) and self.is_of(orjson.loads(body))

    def is_in_raw(self, body: bytes) -> bool:
        """Whether an event as anybody wrote it is of this person; of what is no JSON, whether it speaks of them."""
        try:
            return self.is_of(orjson.loads(body))
        except orjson.JSONDecodeError:
            return self.speaks_in(body.decode("utf-8", "replace"))

    def speaks_in(self, text: str) -> bool:
        """Whether a text speaks of this person, percent-encoded or not."""
        return bool(self._pattern.search(text) or self._pattern.search(unquote_plus(text)))

    def exchanged(self, request: Mapping[str, Any] | None, answer: Mapping[str, Any] | None) -> bool:
        """Whether a request or answer as kept speaks of this person."""
        texts = [request["url"], request["body"]] if request else []
        texts += [answer["body"]] if answer else []
        return any(self.speaks_in(text) for text in texts)


def _written(identifier: str) -> bytes:
    return orjson.dumps(identifier)[1:-1]


def spellings(text: str) -> set[str]:
    """How a text may be written in a request: as it is, within JSON, percent-encoded."""
    within_json = _written(text).decode()
    return {text, within_json, _written(within_json).decode(), quote(text, safe=""), quote_plus(text)} - {""}
