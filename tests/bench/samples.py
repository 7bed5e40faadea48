"""What measurements leave: named numbers, by part and case, once a round."""

from __future__ import annotations

Sample = dict[str, float]
"""Numbers of one case in one round. Names carry the unit: ``per_s``, ``worker_us``, ``p99_ms``, ``rss_mb``."""

Results = dict[str, dict[str, list[Sample]]]
"""Samples by part and case, in order of the rounds."""


def column(results: Results, place: str, name: str) -> list[float]:
    """A number of a case (``deliver/fleet/statsig``: the part, then the case), each time it was measured."""
    part, _, case = place.partition("/")
    return [sample[name] for sample in results.get(part, {}).get(case, []) if name in sample]
