"""An integration as the admin API shows it, secrets masked."""

from __future__ import annotations

from typing import Any

from destinations.form.catalog import catalog
from destinations.form.masking import MASK
from gateway.admin.faults import not_found
from gateway.admin.schemas import SERVER_SIDE
from workers.apply import Change
from workers.edits import present
from workers.registry import Installed, Registry, read_installed, registry
from workers.secrets import is_locked


def current() -> Registry:
    """What is installed, as this moment has it."""
    fleet = registry()
    fleet.refresh()
    return fleet


def installed(name: str) -> Registry:
    """What is installed, an integration of this name among it, be it removed."""
    fleet = current()
    if name not in fleet.names:
        raise not_found(f"integration {name}")
    return fleet


def view(name: str, found: Installed, fleet: Registry) -> dict[str, Any]:
    """One integration."""
    document = present(found, name)
    spec = document["spec"]
    config = {field: MASK if is_locked(value) else value for field, value in spec["config"].items()}
    destination = catalog().get(spec["destination"])
    return {
        **spec,
        "config": config,
        "name": name,
        "label": spec["label"] or name,
        "revision": document["revision"],
        "delivery_mode": SERVER_SIDE,
        "pipelines": [pipeline for pipeline, listed in found.pipelines.items() if name in listed["integrations"]],
        "fault": fleet.faults.get(name),
        "recommended": list(destination.consent) if destination and not spec["consent"] else [],
    }


def viewed(name: str, _: Change | None = None) -> dict[str, Any]:
    """One integration, as it is now."""
    return view(name, read_installed(), current())
