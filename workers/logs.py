"""Logging, once a process: JSON for machines, coloured lines for people, Celery's too, and never a secret in it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor

from destinations.form.masking import mask_text
from workers.confidential import confidential
from workers.settings import settings

CHATTY = ("celery.worker.strategy", "celery.app.trace")
"""They write two lines a ticket, which the line of its flights makes superfluous."""


def configure() -> None:
    """Send structlog to standard error, as ``FLEET_LOG_FORMAT`` and ``FLEET_LOG_LEVEL`` say."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, *_common(), *_rendered(sys.stderr)],
        wrapper_class=structlog.make_filtering_bound_logger(settings().log_level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def configure_all(loglevel: int | str | None = None, logfile: str | None = None, **_: Any) -> None:
    """The same also for what others log in this process; a receiver of Celery's ``setup_logging``."""
    configure()
    stream = Path(logfile).open("a", encoding="utf-8") if logfile else sys.stderr  # noqa: SIM115  # open to the end
    handler = logging.StreamHandler(stream)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, *_common()],
            processors=[remove, *_rendered(stream)],
        )
    )
    level = _level(loglevel or settings().log_level)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(level if level < logging.INFO else max(level, logging.WARNING))


def _level(level: int | str) -> int:
    return level if isinstance(level, int) else logging.getLevelNamesMapping()[level.upper()]


def _common() -> list[Processor]:
    return [structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.StackInfoRenderer()]


def _rendered(stream: TextIO) -> list[Processor]:
    """From an entry to a line. Masking comes last, when exceptions are text."""
    if settings().log_format == "json":
        return [structlog.processors.format_exc_info, masked(structlog.processors.JSONRenderer(serializer=_json))]
    plain = structlog.dev.plain_traceback  # the usual one shows local variables, and with them events
    return [masked(structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain))]


def _json(entry: EventDict, **options: Any) -> str:
    return orjson.dumps(entry, default=options["default"]).decode()


def masked(render: Callable[[Any, str, EventDict], str | bytes]) -> Processor:
    """A renderer whose lines tell no secret. Lines of a good day hold names and numbers, and are not searched."""

    def line(logger: Any, method: str, entry: EventDict) -> str:
        quiet = entry.get("level") in ("debug", "info")
        text = str(render(logger, method, entry))
        return text if quiet else mask_text(text, confidential())

    return line
