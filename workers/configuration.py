"""The configuration file: YAML, ``${NAME}`` taken from the environment, checked as a whole before anything is done."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from marshmallow import ValidationError

from destinations.form.integration import Integration, InvalidSpec, install
from schemas.faults import flatten
from schemas.fleet_file import FleetFileSchema
from workers import yaml_file

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class InvalidFile(ValueError):
    """A configuration file with faults, each with its path: ``integrations.klaviyo-uk.config.private_api_key: …``."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Configuration:
    """A valid configuration file: specifications of pipelines, and integrations compiled."""

    pipelines: Mapping[str, Mapping[str, Any]]
    integrations: Mapping[str, Integration]


def read_file(path: Path, installed: Collection[str] = ()) -> Configuration:
    """Read and check a configuration file; every fault at once. ``installed``: integrations there already."""
    return check(read_document(path), installed)


def read_document(path: Path) -> Any:
    """A configuration file's value, unchecked. ``InvalidFile`` when it is not readable, or not YAML."""
    try:
        return yaml_file.load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidFile([f"{path}: cannot be read: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise InvalidFile([f"{path}: is not UTF-8 text ({error})"]) from error
    except yaml.YAMLError as error:
        raise InvalidFile([f"{path}: is not YAML: {error}"]) from error


def check(document: Any, installed: Collection[str] = ()) -> Configuration:
    """Check a parsed configuration, the environment's variables put in; every fault at once."""
    faults: list[str] = []
    return check_values(expand(document, "", faults), installed, faults)


def check_values(document: Any, installed: Collection[str] = (), known: Iterable[str] = ()) -> Configuration:
    """Check a configuration that means what it says, ``${NAME}`` too; every fault at once, with those ``known``."""
    faults = list(known)
    try:
        loaded = FleetFileSchema(installed).load(document if document is not None else {})
    except ValidationError as error:
        faults += flatten(error.messages)
        loaded = {"pipelines": {}, "integrations": {}}
    integrations = _compiled(document, faults)
    if faults:
        raise InvalidFile(sorted(set(faults)))
    return Configuration(loaded["pipelines"], integrations)


def expand(value: Any, place: str, faults: list[str]) -> Any:
    """Replace ``${NAME}`` in every text of a document; a variable that is not set is a fault at its place."""
    if isinstance(value, dict):
        return {key: expand(item, f"{place}.{key}" if place else str(key), faults) for key, item in value.items()}
    if isinstance(value, list):
        return [expand(item, f"{place}.{position}", faults) for position, item in enumerate(value)]
    if not isinstance(value, str):
        return value
    missing = [name for name in VARIABLE.findall(value) if name not in os.environ]
    faults += [f"{place}: the environment variable {name} is not set." for name in missing]
    return VARIABLE.sub(lambda match: os.environ.get(match[1], match[0]), value)


def _compiled(document: Any, faults: list[str]) -> dict[str, Integration]:
    specs = document.get("integrations") if isinstance(document, dict) else None
    integrations = {}
    for name, spec in (specs if isinstance(specs, dict) else {}).items():
        if isinstance(spec, dict):
            try:
                integrations[str(name)] = install(str(name), spec)
            except InvalidSpec as error:
                faults += [f"integrations.{name}.{fault}" for fault in error.faults]
    return integrations
