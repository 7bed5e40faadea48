"""Faults that the fleet's own code tells, as answers of the admin API."""

from __future__ import annotations

from gateway.problems import Answer, Problem, invalid
from workers import write_keys
from workers.apply import Contended, PipelineBusy
from workers.configuration import InvalidFile
from workers.edits import Conflict, Unknown
from workers.pauses import NotDelivering
from workers.replays import TooMany
from workers.revisions import RevisionGone
from workers.secrets import SecretKeyError

KNOWN: dict[type[Exception], tuple[int, str]] = {
    Unknown: (404, "not_found"),
    write_keys.Unknown: (404, "not_found"),
    RevisionGone: (404, "revision_gone"),
    Conflict: (409, "conflict"),
    NotDelivering: (409, "not_delivering"),
    PipelineBusy: (409, "pipeline_busy"),
    Contended: (409, "contended"),
    TooMany: (409, "too_many_replays"),
    SecretKeyError: (503, "secret_key"),
}
FAULTS = (*KNOWN, InvalidFile)


def told(fault: Exception) -> Answer:
    """A fault as an answer."""
    for kind, (status, code) in KNOWN.items():
        if isinstance(fault, kind):
            return Problem(status, code, str(fault.args[0])).answer()
    return invalid(fault.faults if isinstance(fault, InvalidFile) else [str(fault)]).answer()


def not_found(what: str) -> Problem:
    """There is no such thing."""
    return Problem(404, "not_found", f"there is no {what}")
