"""What a measurement leaves: named numbers, and what they come to over repetitions."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

Sample = dict[str, float]
"""Numbers of one run of one case. Names carry the unit: ``per_s``, ``worker_us``, ``p99_ms``."""


def middle(samples: Sequence[Sample], name: str) -> float:
    """The median of a number over all samples."""
    return median(sample[name] for sample in samples)


def ratios(above: Sequence[Sample], below: Sequence[Sample], name: str) -> list[float]:
    """The ratios of a number between two cases, of the runs that followed each other."""
    return [one[name] / other[name] for one, other in zip(above, below, strict=True)]
