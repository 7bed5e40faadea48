"""Sentry, once a process: our own bugs, books that do not balance, integrations that stay held."""

from __future__ import annotations

import threading
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration

from workers.connection import AWAY
from workers.process import per_process
from workers.scrub import Report, scrubbed
from workers.settings import settings

AGAIN_SECONDS = 60.0
"""A process reports the same fault once in so long: a bug may strike every event."""


def start(part: str) -> None:
    """Report to ``FLEET_SENTRY_DSN``, when it is set, as ``part`` of the fleet (``worker``, ``gateway``).

    Sentry's own integrations stay off, but for a process that dies: they would follow every vendor's request.
    """
    if not settings().sentry_dsn:
        return
    sentry_sdk.init(
        dsn=settings().sentry_dsn,
        release=settings().release or own_release(),
        environment=settings().environment,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[AtexitIntegration(lambda _pending, _timeout: None), ExcepthookIntegration()],
        before_send=before_send,  # type: ignore[arg-type]  # a TypedDict of Sentry's
    )
    sentry_sdk.get_global_scope().set_tag("part", part)  # a thread has no other in common
    threading.excepthook = _thread_died


def own_release() -> str | None:
    """The installed version, as Sentry names releases."""
    try:
        return f"signal-fleet@{version('signal-fleet')}"
    except PackageNotFoundError:
        return None


def task_failed(exception: BaseException, **_: Any) -> None:
    """Report an exception that ended a ticket; a receiver of Celery's ``task_failure``."""
    sentry_sdk.capture_exception(exception)


def before_send(report: Report, hint: dict[str, Any]) -> Report | None:
    """What is sent of a report: nothing of a Redis that is away, and of the same fault only the first for a while."""
    error = (hint.get("exc_info") or (None, None))[1]
    if isinstance(error, AWAY) or not _first(report):
        return None
    return scrubbed(report)


@per_process
def _told() -> dict[str, float]:
    """Faults by when they were last reported."""
    return {}


def _first(report: Report) -> bool:
    fault, now = _name(report), time.monotonic()
    if now < _told().get(fault, 0.0) + AGAIN_SECONDS:
        return False
    _told()[fault] = now
    return True


def _name(report: Report) -> str:
    """Where something failed, or what is said."""
    for error in reversed(report.get("exception", {}).get("values", ())):
        frames = (error.get("stacktrace") or {}).get("frames") or [{}]
        return f"{error.get('type')} {frames[-1].get('filename')}:{frames[-1].get('lineno')}"
    return str(report.get("message"))


def _thread_died(fault: threading.ExceptHookArgs) -> None:
    sentry_sdk.capture_exception(fault.exc_value)
    threading.__excepthook__(fault)
