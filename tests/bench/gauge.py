"""What processes use, read from ``/proc``: CPU seconds of a process and all of its group, and its memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from re import search

TICK = 1 / os.sysconf("SC_CLK_TCK")


def cpu(group: int) -> float:
    """CPU seconds, user and system, that a process group has used; those of its ended children, too."""
    return sum(sum(map(int, fields[11:15])) for fields in _stats(group)) * TICK


def peak(pid: int) -> int:
    """Bytes of memory that a process has had resident at the most; 0 where the kernel does not say."""
    found = search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


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
