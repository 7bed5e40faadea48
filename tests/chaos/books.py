"""What became of every event, counted at the vendors and laid beside the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.traffic import place
from tests.engine.vendors import Vendors

REF = r"[Rr]ef\":\"(r\d+x\d+)\""
KEPT = r"r\d+x\d+"

DEDUPE = frozenset({"kissmetrics", "klaviyo", "launchdarkly"})
"""Vendors that recognise a repeated event, or request, themselves."""


class Counters(Vendors):
    """The sandbox's books, and its switches."""

    def keep_refs(self) -> None:
        """Keep nothing of an event but its ref: there may be many."""
        self._call("POST", "_accepted", json={"keep": REF})

    def arrivals(self, vendor: str) -> list[str]:
        """The refs of what a vendor kept, in order of arrival; without what it recognised as repeated."""
        return [name for name in self._call("GET", f"{vendor}/_accepted", params={"ids": KEPT})["items"] if name]

    def faults(self, vendor: str, *faults: dict[str, Any]) -> None:
        """Let calls fail in several ways from now on."""
        self._call("POST", f"{vendor}/_faults", json=list(faults))

    def hits(self, vendor: str) -> list[int]:
        """How often each fault struck."""
        return [fault["hits"] for fault in self._call("GET", f"{vendor}/_faults")["faults"]]


@dataclass(slots=True)
class Page:
    """One vendor's page of the books."""

    vendor: str
    arrived: int = 0
    lost: list[str] = field(default_factory=list)
    repeated: int = 0
    recognised: int = 0
    late: list[str] = field(default_factory=list)
    in_doubt: int = 0
    balance: int = 0
    dead: Counter[str] = field(default_factory=Counter)

    @property
    def dedupes(self) -> bool:
        """Whether the vendor recognises repetitions."""
        return self.vendor in DEDUPE


def late(arrivals: Sequence[str]) -> list[str]:
    """Events whose first arrival came after that of a later one of the same person."""
    latest: dict[int, int] = {}
    found = []
    for name in dict.fromkeys(arrivals):
        person, number = place(name)
        if number < latest.get(person, 0):
            found.append(name)
        latest[person] = max(number, latest.get(person, 0))
    return found


def lost(kept: Collection[str], *accounted: Collection[str]) -> list[str]:
    """What was kept and is nowhere."""
    return sorted(set(kept).difference(*accounted), key=place)


def losses(page: Page, excused: Collection[str]) -> list[str]:
    """What was lost, but for what Redis had not promised yet to keep."""
    broken = [name for name in page.lost if name not in excused]
    return [f"{page.vendor}: {len(broken)} lost, e.g. {', '.join(broken[:3])}"] if broken else []


def repetitions(page: Page, undone: int) -> list[str]:
    """What arrived twice without having been counted as in doubt, where ``undone`` deliveries were forgotten."""
    allowed = undone + (0 if page.dedupes else page.in_doubt)
    return [f"{page.vendor}: {page.repeated} repeated, {page.in_doubt} in doubt"] if page.repeated > allowed else []


def faults_of(page: Page, expected_dead: Collection[str], dead: Collection[str]) -> list[str]:
    """What else of a page breaks a promise."""
    faults = []
    if page.late:
        faults.append(f"{page.vendor}: {len(page.late)} out of order, e.g. {', '.join(page.late[:3])}")
    if page.balance:
        faults.append(f"{page.vendor}: balance {page.balance}")
    if unexpected := set(dead) - set(expected_dead):
        faults.append(f"{page.vendor}: {len(unexpected)} unexpected dead letters {dict(page.dead)}")
    if missing := set(expected_dead) - set(dead):
        faults.append(f"{page.vendor}: {len(missing)} dead letters missing, e.g. {', '.join(sorted(missing)[:3])}")
    return faults
