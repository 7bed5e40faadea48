"""What a producer may be told: the events were not kept, and why."""

from __future__ import annotations


class NotKept(Exception):
    """None of the events of this call were kept. The message says why and what to do."""


class Refused(NotKept):
    """Some events are invalid. ``faults`` names every one: ``events[3].user_id: …``."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("not kept, invalid: " + "; ".join(faults))
        self.faults = faults


class UnknownPipeline(NotKept):
    """There is no such pipeline."""


class UnknownFormat(NotKept):
    """The fleet in this Redis is kept in a format that this version does not know. Workers refuse it, too."""


class Full(NotKept):
    """Redis is nearly full. Try again later; deliveries go on and make room."""


class NotDurable(Exception):
    """The events of this call are kept, but are not known to be on disk: do not enqueue them as new ones.

    Enqueue them again with the same ``message_id`` when that must be known: the router drops a repeated one.
    """


class Away(NotKept):
    """Redis did not answer, also after several tries."""
