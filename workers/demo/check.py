"""The proof at the end: every ledger balances, and the stand-in vendors have what the ledger says was delivered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import requests

from workers.ledger import Status

TIMEOUT = 30


class Vendors:
    """The switches and the books of the stand-in vendors at ``url``."""

    def __init__(self, url: str) -> None:
        self._url = url

    def keep_nothing(self) -> None:
        """Count what comes and keep none of it: for more events than anybody will look at."""
        self._post("_accepted", {"keep": "none"})

    def enforce_limits(self) -> None:
        """Answer 429 beyond the limits that the vendors publish."""
        self._post("_limits", {"published": True})

    def books(self) -> dict[str, Any]:
        """By vendor: what was ``accepted``, ``discarded``, ``refused``, and ``requests``."""
        answer = requests.get(f"{self._url}/_accepted", timeout=TIMEOUT)
        answer.raise_for_status()
        books: dict[str, Any] = answer.json()
        return books

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        requests.post(f"{self._url}/{path}", json=body, timeout=TIMEOUT).raise_for_status()


def disagreements(status: Status, books: Mapping[str, Any], events: int) -> list[str]:
    """Everything that does not add up; empty when all is well. ``events``: how many were enqueued.

    A vendor may have taken for a repeat what the ledger counts: Kissmetrics does so with two events of one person and
    name in the same second.
    """
    return [*_of_the_inbox(status, events), *_of_the_integrations(status, books)]


def _of_the_inbox(status: Status, events: int) -> Iterable[str]:
    if status["received"] != events:
        yield f"{events:,} events were enqueued, {status['received']:,} received."
    routed = status["routed"] + status["duplicate"] + status["invalid"] + status["inbox_waiting"]
    if routed != status["received"]:
        yield f"{status['received']:,} events were received, but routed, duplicate, invalid and waiting are {routed:,}."


def _of_the_integrations(status: Status, books: Mapping[str, Any]) -> Iterable[str]:
    seen = status["routed"] + status["duplicate"]
    for name, row in status["integrations"].items():
        if row["balance"]:
            yield f"{name}: the ledger does not balance: {row['balance']:+,}."
        if row["accepted"] + sum(row["filtered"].values()) != seen:
            yield f"{name}: of {seen:,} events, accepted and filtered are {row['accepted']:,} and {row['filtered']}."
        delivered, book = row["delivered"], books[row["destination"]]
        if not book["accepted"] <= delivered <= book["accepted"] + book["deduplicated"]:
            yield (
                f"{name}: {delivered:,} delivered by the ledger; of its stand-in {book['accepted']:,} accepted, "
                f"{book['deduplicated']:,} taken for repeats, {sum(book['discarded'].values()):,} discarded."
            )
