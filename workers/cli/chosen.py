"""Which integrations a command is about: a configuration file's, which needs no Redis and no key, or installed ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from destinations.form.integration import Integration
from workers.cli.trouble import Trouble
from workers.configuration import check, read_document


def chosen(config: Path | None, name: str | None) -> list[Integration]:
    """The integrations of a file, or those installed; only the one called ``name`` where it is given."""
    return of_file(config, name) if config else of_fleet(name)


def of_file(config: Path, name: str | None = None) -> list[Integration]:
    """A file's integrations. Faults of its pipelines, and of integrations not asked for, do not matter."""
    document = read_document(config)
    if isinstance(document, dict):
        document = {
            **document,
            "pipelines": None,
            "integrations": _asked_for(document.get("integrations"), name, config),
        }
    return list(check(document).integrations.values())


def _asked_for(specs: Any, name: str | None, config: Path) -> Any:
    from workers.cli.fleet import known  # noqa: PLC0415  # it brings the engine, which a file can do without

    if not specs:
        raise Trouble(f"{config} names no integrations")
    if name is None or not isinstance(specs, dict):
        return specs
    return {known(name, map(str, specs), f"see {config}"): specs.get(name)}


def of_fleet(name: str | None = None) -> list[Integration]:
    """Installed integrations that can be used."""
    from workers.cli.fleet import open_fleet, usable  # noqa: PLC0415  # it brings the engine

    fleet = open_fleet()
    names = [name] if name else [each for each in fleet.names if fleet.get(each)]
    if not names:
        raise Trouble("no integration that can be used is installed; name a file: --config FILE")
    return [usable(each, fleet) for each in names]
