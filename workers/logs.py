"""structlog, once a process: JSON for machines, coloured lines for people."""

from __future__ import annotations

import logging
import sys

import structlog

from workers.settings import settings


def configure() -> None:
    """Send structlog to standard error in the format of ``FLEET_LOG_FORMAT`` (``console`` or ``json``)."""
    json = settings().log_format == "json"
    last = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if json else structlog.processors.StackInfoRenderer(),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
