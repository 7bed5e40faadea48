"""Secrets, hidden wherever they could be seen: URLs, headers, bodies, exception texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

from destinations.form.request import Request

MASK = "***"


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """``text`` with every secret in it as ``***``: raw, percent-encoded, and escaped as in JSON or a Python repr."""
    pattern = _pattern(tuple(secrets))
    return pattern.sub(MASK, text) if pattern else text


def mask_value(value: Any, secrets: Iterable[str]) -> Any:
    """A JSON value with every secret masked, in keys and in texts; numbers that are a secret, too."""
    pattern = _pattern(tuple(secrets))
    return _masked(value, pattern) if pattern else value


def mask_request(request: Request, secrets: Iterable[str]) -> Request:
    """The request as it may be shown."""
    secrets = tuple(secrets)
    return replace(
        request,
        url=mask_text(request.url, secrets),
        headers=mask_value(dict(request.headers), secrets),
        json=mask_value(request.json, secrets),
        form=None if request.form is None else mask_value(dict(request.form), secrets),
    )


def _masked(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(MASK, value)
    if isinstance(value, dict):
        return {pattern.sub(MASK, key): _masked(inner, pattern) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(inner, pattern) for inner in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and pattern.fullmatch(str(value)):
        return MASK
    return value


@lru_cache(maxsize=1024)
def _pattern(secrets: tuple[str, ...]) -> re.Pattern[str] | None:
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    return re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True)))) if forms else None


def _forms(secret: str) -> set[str]:
    """Every way a secret may be written. Percent escapes come in either case, and a slash may stay bare."""
    encoded = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    lowered = {re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), form) for form in encoded}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    return {secret} | encoded | lowered | escaped
