"""Documents: an integration's specification as it is stored, secrets encrypted, with the revision each was given at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from destinations.form.catalog import catalog
from destinations.form.integration import secret_fields
from workers.registry import REMOVED, Document, open_spec
from workers.secrets import SecretKeyError, lock, vault


def opened(document: Document | None, *, give_up: bool = False) -> dict[str, Any] | None:
    """The specification that a document stores; None where there is none.

    Raises ``SecretKeyError`` when its secrets cannot be read; with ``give_up`` that is None, too.
    """
    try:
        return open_spec(document) if document else None
    except SecretKeyError:
        if not give_up:
            raise
        return None


def stored(spec: Mapping[str, Any], former: Document | None, before: Mapping[str, Any] | None) -> Document:
    """The document of a specification that follows a ``former`` one, which said ``before``.

    A secret that is the former one keeps the revision it was given at.
    """
    revision = former["revision"] + 1 if former else 1
    given = dict.fromkeys(secrets_in(spec), revision)
    if former and before:
        kept = {name for name in given if before["config"].get(name) == spec["config"][name]}
        given |= {name: at for name, at in former["secrets"].items() if name in kept}
    return {"spec": sealed(spec), "revision": revision, "secrets": given}


def retired(document: Document) -> Document:
    """A removed integration's document: its lanes are held until it is applied again, or purged by name."""
    spec = {**document["spec"], "enabled": False}
    return {**document, "spec": spec, "revision": document["revision"] + 1, REMOVED: True}


def sealed(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A specification with its secrets encrypted."""
    cipher = vault()
    locked = {field: lock(str(spec["config"][field]), cipher) for field in secrets_in(spec)}
    return {**spec, "config": {**spec["config"], **locked}}


def secrets_in(spec: Mapping[str, Any]) -> list[str]:
    """The fields of a specification's config that hold a secret."""
    known = secret_fields(catalog()[spec["destination"]])
    return [field for field in known if spec["config"].get(field) is not None]


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two specifications, secrets in the clear, say the same."""
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)
