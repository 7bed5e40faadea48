"""What this process must never tell, in a log line or to Sentry: its own secrets and those of every integration."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from workers.process import per_process

OURS = re.compile(r"(FLEET|FLOWER)_\w*(KEY|TOKEN|PASSWORD|AUTH|DSN)")
URLS = ("FLEET_REDIS_URL", "FLEET_BROKER_URL")


@per_process
def _known() -> set[str]:
    """Secrets known so far, at first those of the environment."""
    own = {part for name, value in os.environ.items() if OURS.match(name) for part in _parts(value)}
    passwords = {urlsplit(os.environ.get(name, "")).password or "" for name in URLS}
    return (own | passwords | {unquote(password) for password in passwords}) - {""}


def _parts(value: str) -> Iterator[str]:
    """A setting, each of several in it, and of ``name:token`` the token: alone is how it travels."""
    yield value
    for entry in value.split(","):
        yield entry.strip()
        yield entry.rpartition(":")[2].strip()


def learn(secrets: Iterable[str]) -> None:
    """Add secrets, which stay known: one that was replaced may still be in the text of an error."""
    _known().update(secret for secret in secrets if secret)


def confidential() -> tuple[str, ...]:
    """Every secret known to this process. It asks nobody: a log line may be about Redis being away."""
    return tuple(sorted(_known()))
