"""Lengths of time as people write them: ``90s``, ``10m``, ``2h``, ``1d``."""

from __future__ import annotations

import re
from typing import Any

import click

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
WRITTEN = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


class Duration(click.ParamType[int]):
    """A length of time; its value is in milliseconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Milliseconds of ``10m``."""
        match = WRITTEN.fullmatch(str(value).strip().lower())
        milliseconds = int(float(match[1]) * UNITS[match[2]] * 1000) if match else 0
        if not milliseconds:
            self.fail(f"{value!r} is no length of time; write 90s, 10m, 2h or 1d", param, ctx)
        return milliseconds


def spoken(seconds: float) -> str:
    """A length of time for people, in its largest unit: ``42 s``, ``3 min``, ``5 h``, ``2 days``."""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
