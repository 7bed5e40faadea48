"""A Celery worker's process as a scenario needs it: ``python -m tests.chaos.host -A workers.app worker …``.

Nothing of ours is patched. ``CHAOS_CLOCK="every:step,step,…"`` makes the host's clock jump before anything of ours is
imported; ``CHAOS_SIXTH=1`` adds a folder to the package ``destinations``, in which a sixth destination lies.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.chaos import clocks

SIXTH = Path(__file__).with_name("sixth")


def add_sixth() -> None:
    """Let a sixth destination be there, as if its file had been added to ``destinations/``."""
    import destinations  # noqa: PLC0415  # after the clock

    destinations.__path__.append(str(SIXTH))


def main() -> None:
    """Prepare the process, then be the ``celery`` command."""
    if clock := os.environ.get("CHAOS_CLOCK"):
        every, _, steps = clock.partition(":")
        clocks.jump([float(step) for step in steps.split(",")], float(every))
    if os.environ.get("CHAOS_SIXTH"):
        add_sixth()
    from celery.__main__ import main as celery  # noqa: PLC0415  # after the clock

    sys.exit(celery())


if __name__ == "__main__":
    main()
