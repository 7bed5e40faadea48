"""Signal Fleet's engine. What a producer needs is here; everything else has its own module."""

from workers.errors import Away, Full, NotDurable, NotKept, Refused, UnknownFormat, UnknownPipeline
from workers.shorthands import enqueue, identify, page, track

__all__ = [
    "Away",
    "Full",
    "NotDurable",
    "NotKept",
    "Refused",
    "UnknownFormat",
    "UnknownPipeline",
    "enqueue",
    "identify",
    "page",
    "track",
]
