"""The Lua scripts: loaded from their files, called by name, resent whole when the server does not know them yet."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError

Argument = str | bytes | int | float


INCLUDE = re.compile(r"^--@include (\w+)$", re.MULTILINE)


def _read(name: str) -> str:
    return (files("workers") / "lua" / f"{name}.lua").read_text(encoding="utf-8")


@cache
def source(name: str) -> tuple[str, str]:
    """A script's text, with what it includes from ``lua/lib``, and its SHA-1."""
    text = INCLUDE.sub(lambda line: _read(f"lib/{line[1]}"), _read(name))
    return text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def call(redis: Redis, name: str, keys: Sequence[str], args: Sequence[Argument]) -> Any:
    """Run a script; its answer as redis-py gives it."""
    text, sha = source(name)
    try:
        return redis.evalsha(sha, len(keys), *keys, *args)
    except NoScriptError:
        return redis.eval(text, len(keys), *keys, *args)
