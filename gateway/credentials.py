"""What a caller shows in the ``Authorization`` header."""

from __future__ import annotations

from flask import Request


def shown(request: Request) -> str | None:
    """The user name of Basic, or the token of Bearer; None without either."""
    given = request.authorization
    if given is None:
        return None
    key = given.token if given.type == "bearer" else given.parameters.get("username")
    return key or None
