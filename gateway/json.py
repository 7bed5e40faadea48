"""JSON by orjson, for everything Flask writes."""

from __future__ import annotations

from typing import Any

import orjson
from flask.json.provider import JSONProvider


class OrjsonProvider(JSONProvider):
    """Flask's way to orjson."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """Write a value."""
        return orjson.dumps(obj, option=orjson.OPT_NON_STR_KEYS).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Read a value."""
        return orjson.loads(s)
