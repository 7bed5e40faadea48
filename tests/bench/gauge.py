"""What processes use, read from ``/proc``: CPU seconds and resident memory, of a process and all of its group."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu(group: int) -> float:
    """CPU seconds, user and system, that a process group has used; those of its ended children, too."""
    return sum(sum(map(int, fields[11:15])) for fields in _stats(group)) * TICK


def rss(group: int) -> int:
    """Bytes of memory that a process group has resident; shared pages count in each of its processes."""
    return sum(int(fields[21]) for fields in _stats(group)) * PAGE


def _stats(group: int) -> Iterator[list[str]]:
    """The fields of ``/proc/PID/stat`` from the third on, of each process of a group."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _fields(folder)) and int(fields[2]) == group:
            yield fields


def _fields(folder: Path) -> list[str]:
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return []
