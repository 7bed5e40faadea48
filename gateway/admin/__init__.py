"""The admin API: everything that looks after a fleet, over HTTP, for whoever holds a token of ``FLEET_ADMIN_TOKEN``."""

from __future__ import annotations

from gateway.admin import (
    catalog,
    changes,
    dead_letters,
    deliveries,
    events,
    install,
    integrations,
    ledger,
    pauses,
    pipelines,
    replays,
    revisions,
    stream,
    trials,
    write_keys,
)

SECTIONS = (
    catalog.section,
    install.section,
    integrations.section,
    revisions.section,
    trials.section,
    pauses.section,
    pipelines.section,
    write_keys.section,
    dead_letters.section,
    replays.section,
    ledger.section,
    events.section,
    deliveries.section,
    stream.section,
    changes.section,
)
"""Its parts, in the order of the OpenAPI document."""
