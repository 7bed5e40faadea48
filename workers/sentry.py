"""Sentry, once a process: our own bugs, and nothing of anybody's customers."""

from __future__ import annotations

import sentry_sdk

from workers.settings import settings


def start() -> None:
    """Report to ``FLEET_SENTRY_DSN``, when it is set, without personal data: no local variables, no request bodies."""
    if settings().sentry_dsn:
        sentry_sdk.init(
            dsn=settings().sentry_dsn,
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
        )
