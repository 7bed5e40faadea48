"""Pauses: an operator holds an integration, and releases it."""

from __future__ import annotations

from workers import changes
from workers.changes import Author
from workers.dead_letters import iso
from workers.holds import FOREVER_MS, free, halt
from workers.registry import REMOVED, Document

KINDS = ("operator", "throttled", "breaker", "setup", "full")
"""Holds that an operator may end. One of kind ``disabled`` ends when it is enabled."""

REASON = "held by an operator"


class NotDelivering(Exception):
    """The integration is disabled or removed, and held for that; the message says the remedy."""


def hold(name: str, document: Document, author: Author, milliseconds: int | None, reason: str = REASON) -> str | None:
    """Hold an integration for so long, or until it is released; until when. ``NotDelivering``."""
    check_delivering(name, document)
    changes.note(author, "held", name, {"reason": reason, "seconds": milliseconds and milliseconds / 1000})
    until = halt(name, "operator", reason, f"fleet release {name}", milliseconds or FOREVER_MS)
    if not until:
        raise NotDelivering(_disabled(name))
    return iso(until) if milliseconds else None


def release(name: str, document: Document, author: Author) -> bool:
    """End an integration's hold, whoever set it; what waits aside is tried now. Whether there was one."""
    check_delivering(name, document)
    changes.note(author, "released", name)
    return free(name, *KINDS)


def check_delivering(name: str, document: Document) -> None:
    """See that an integration is one that may deliver."""
    if REMOVED in document:
        raise NotDelivering(f"{name} was removed and is held for that; install it again to have it back")
    if not document["spec"]["enabled"]:
        raise NotDelivering(_disabled(name))


def _disabled(name: str) -> str:
    where = f"set enabled: true in its file and apply it, or POST …/integrations/{name}/enable to the admin API"
    return f"{name} is disabled, and held for that; {where}"
