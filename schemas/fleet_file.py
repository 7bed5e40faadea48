"""The configuration file of ``fleet apply``."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validates_schema

from schemas import shown
from schemas.entries import Entries
from schemas.integration import IntegrationSchema
from schemas.names import check_integration_name, check_name
from schemas.pipeline import PipelineSchema


class FleetFileSchema(Schema):
    """Pipelines and integrations by name. A pipeline may also name an integration ``installed`` before."""

    pipelines = Entries(fields.Nested(PipelineSchema), check_name, load_default=dict)
    integrations = Entries(fields.Nested(IntegrationSchema), check_integration_name, load_default=dict)

    def __init__(self, installed: Collection[str] = ()) -> None:
        super().__init__()
        self.installed = frozenset(installed)

    @pre_load
    def _without_nulls(self, file: Any, **_: Any) -> Any:
        return {key: value for key, value in file.items() if value is not None} if isinstance(file, dict) else file

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _pipelines_name_known_integrations(self, _: dict[str, Any], original: Any, **__: Any) -> None:
        known = self.installed | _written(original)
        faults = {
            shown.text(str(pipeline)): {"integrations": unknown}
            for pipeline, names in _listed(original).items()
            if (unknown := [_unknown(name, known) for name in names if name not in known])
        }
        if faults:
            raise ValidationError({"pipelines": faults})


def _written(file: Any) -> frozenset[str]:
    """Names of all integrations in a file, the faulty ones too: they have faults enough."""
    integrations = file.get("integrations") if isinstance(file, dict) else None
    return frozenset(map(str, integrations)) if isinstance(integrations, dict) else frozenset()


def _listed(file: Any) -> dict[Any, list[str]]:
    """The names that each pipeline of a file lists, once each: of those that have other faults, too."""
    pipelines = file.get("pipelines") if isinstance(file, dict) else None
    specs = pipelines if isinstance(pipelines, dict) else {}
    lists = {key: spec.get("integrations") for key, spec in specs.items() if isinstance(spec, dict)}
    return {
        key: list(dict.fromkeys(name for name in names if _is_name(name)))
        for key, names in lists.items()
        if isinstance(names, list)
    }


def _is_name(name: Any) -> bool:
    try:
        check_integration_name(name)
    except ValidationError:
        return False
    return True


def _unknown(name: str, known: Collection[str]) -> str:
    nearest = get_close_matches(name, known, n=1)
    remedy = f"did you mean {nearest[0]}?" if nearest else "add it under integrations."
    return f"There is no integration {name}; {remedy}"
