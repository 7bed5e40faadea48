"""What it ran on: without that, figures say little."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from re import search

from tests.bench.stage import PERSISTENCE, Stage

COMPARED = ("celery", "dramatiq", "rq", "taskiq", "taskiq-redis", "gevent", "requests", "redis")


def machine(stage: Stage) -> dict[str, str]:
    """Processor, Python, server, and the versions of what is compared."""
    server = stage.client.info("server")
    name = "Valkey" if "valkey_version" in server else "Redis"
    return {
        "processor": f"{os.cpu_count()} cores, {_processor()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "redis": f"{name} {server.get('valkey_version', server['redis_version'])}, {PERSISTENCE}",
        "versions": ", ".join(f"{package} {found}" for package in COMPARED if (found := _version(package))),
    }


def _processor() -> str:
    found = search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return found[1] if found else platform.machine()


def missing() -> list[str]:
    """What is compared with, and is not installed."""
    return [package for package in COMPARED if not _version(package)]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
