"""Garbage collection in a worker: seldom, and not of what is there since its start.

Python looks for cycles after every 700 new containers, and a batch of events is ten thousand of them, none in a cycle:
that takes a quarter to a third of routing's CPU time. Several threads have batches at once: looking after 20,000 took
4 µs of the 36 that routing an event did, after 50,000 it takes 0.6, and a worker has no more memory resident.
"""

from __future__ import annotations

import gc
from typing import Any

NEW = 50_000
YOUNG = 20
OLD = 50
"""Containers made until the new ones are looked at; looks until all young ones are, and until all are."""


def collect_seldom(**_: Any) -> None:
    """Look for cycles seldom from now on. For a worker that starts: what it has imported will stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW, YOUNG, OLD)
