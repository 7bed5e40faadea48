"""``ledger`` and ``status``: what became of every event, and what needs attention."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields

from gateway.admin.section import Section
from gateway.admin.views import current
from workers.ledger import status as read_status
from workers.overview import Overview, overview

section = Section("ledger", "What became of every event, and what needs attention.")


class LedgerSchema(Schema):
    """As `fleet status --json`: counts of events before any integration, and by integration."""

    received = fields.Int(required=True)
    routed = fields.Int(required=True)
    invalid = fields.Int(required=True)
    duplicate = fields.Int(required=True)
    inbox_waiting = fields.Int(required=True)
    integrations = fields.Dict(required=True, keys=fields.Str(), values=fields.Dict())


@section.get("/ledger")
@section.response(200, LedgerSchema)
def ledger() -> dict[str, Any]:
    """Show the ledger of the whole fleet, read in one step. Each `balance` is 0, or something is wrong."""
    return read_status(current())


@section.get("/status")
@section.response(200, LedgerSchema)
def status() -> dict[str, Any]:
    """Show the ledger, and of each integration what `fleet status` says beside it.

    That is its label, limits, warnings, event names that are not mapped, the age of what waits longest, the hint of a
    hold.
    """
    fleet = current()
    known, books = overview(fleet), read_status(fleet)
    rows = {name: _row(row, known.get(name)) for name, row in books["integrations"].items()}
    return {**books, "integrations": rows}


def _row(row: dict[str, Any], known: Overview | None) -> dict[str, Any]:
    if known is None:
        return row
    about = asdict(known)
    return {**row, "dead_by_kind": about.pop("dead"), **about}
