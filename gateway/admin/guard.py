"""Who may use the admin API: whoever shows a token of ``FLEET_ADMIN_TOKEN``."""

from __future__ import annotations

import hmac

from flask import g, request

from gateway.admin.settings import settings
from gateway.admin.tries import check_tries, count_try
from gateway.problems import Problem
from workers.changes import Author

BODY_BYTES = 1_000_000
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Signal Fleet admin"'}


def guard() -> None:
    """Let a request pass that shows a token, and remember who makes it. Runs before any body is read."""
    request.max_content_length = BODY_BYTES + 1  # a chunked body is cut there without a word
    if not settings().tokens:
        raise Problem(403, "admin_api_off", "the admin API is off: set FLEET_ADMIN_TOKEN and start the gateway again")
    address = request.remote_addr or ""
    token = token_shown(request.headers.get("Authorization", ""))
    if not token:
        raise Problem(401, "no_token", "show a token of the admin API: Authorization: Bearer TOKEN", headers=CHALLENGE)
    holder = holder_of(token)
    check_tries(address)
    if holder is None:
        count_try(address)
        raise Problem(401, "wrong_token", "this is no token of the admin API", headers=CHALLENGE)
    g.author = Author(holder, "api", address)


def token_shown(header: str) -> str:
    """The token of an ``Authorization`` header; whatever it is made of. Empty when there is none."""
    scheme, _, token = header.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def holder_of(token: str) -> str | None:
    """Who holds a token; None when nobody does. It takes as long whatever the token, and compares with every one."""
    shown, found = token.encode("utf-8", "surrogatepass"), None
    for known, holder in settings().tokens.items():
        if hmac.compare_digest(known.encode(), shown):
            found = holder
    return found


def author() -> Author:
    """Who makes this request."""
    made_by: Author = g.author
    return made_by
