"""What is installed, as this process knows it, refreshed when the fleet's revision moves."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import structlog

from destinations.form.integration import Integration, InvalidSpec, install
from workers import formats, keys, scripts
from workers.confidential import learn
from workers.connection import redis
from workers.process import per_process
from workers.secrets import SecretKeyError, unlock, vault

log = structlog.get_logger(__name__)

REMOVED = "removed"
"""What the document of an integration has that was removed, and whose lanes are kept."""

Document = dict[str, Any]
"""An integration as stored: ``{"spec": …, "revision": n, "secrets": {field: revision it was given at}}``, secrets
encrypted; ``REMOVED`` besides when it was removed."""

PIPELINE: Mapping[str, Any] = {"origins": [], "rate": None}
"""What a stored pipeline says that does not say it."""


@dataclass(frozen=True, slots=True)
class Installed:
    """One look at the fleet's configuration. ``pipelines`` are specifications, as ``PipelineSchema`` loads them."""

    revision: int
    lanes: int
    pipelines: Mapping[str, Mapping[str, Any]]
    documents: Mapping[str, Document]

    @property
    def present(self) -> list[str]:
        """Integrations that are not removed."""
        return [name for name, document in self.documents.items() if REMOVED not in document]


def read_installed() -> Installed:
    """Read the configuration from Redis in one step."""
    names = (keys.REVISION, keys.FLEET, keys.PIPELINES, keys.INTEGRATIONS)
    revision, lanes, kept, pipelines, integrations = scripts.call(redis(), "installed", names, ())
    if kept is None or int(kept) != keys.FORMAT:
        formats.check(redis())
    return Installed(
        int(revision or 0),
        int(lanes or 0),
        {name: {**PIPELINE, **document} for name, document in _documents(pipelines)},
        dict(_documents(integrations)),
    )


def _documents(flat: list[bytes]) -> Iterator[tuple[str, Document]]:
    for name, text in zip(flat[::2], flat[1::2], strict=True):
        yield name.decode(), orjson.loads(text)


def open_spec(document: Document) -> dict[str, Any]:
    """An integration's specification with its secrets in the clear."""
    spec = dict(document["spec"])
    cipher = vault()
    spec["config"] = {field: unlock(value, cipher) for field, value in spec.get("config", {}).items()}
    return spec


class Registry:
    """Integrations and pipelines of this process. An integration is compiled again only when its own revision moved."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._installed = Installed(-1, 0, {}, {})
        self._pipelines: dict[str, tuple[str, ...]] = {}
        self._ready: dict[str, Integration] = {}
        self.faults: dict[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all installed integrations, also of those that cannot be used."""
        return tuple(self._installed.documents)

    @property
    def usable(self) -> tuple[str, ...]:
        """Names of the integrations that this process can read and understand."""
        return tuple(self._ready)

    @property
    def pipelines(self) -> Mapping[str, tuple[str, ...]]:
        """Integrations by pipeline."""
        return self._pipelines

    @property
    def lanes(self) -> int:
        """How many lanes every inbox and integration has."""
        return self._installed.lanes

    def at(self, revision: int) -> Registry:
        """This registry, refreshed unless it knows that revision already."""
        if revision != self._installed.revision:
            self.refresh()
        return self

    def get(self, name: str) -> Integration | None:
        """An integration that can be used; None when it is gone or unreadable (see ``faults``)."""
        return self._ready.get(name)

    def document(self, name: str) -> Document:
        """An integration's document as stored."""
        return self._installed.documents[name]

    def refresh(self) -> None:
        """Read what changed."""
        revision = int(redis().get(keys.REVISION) or 0)
        with self._lock:
            if revision != self._installed.revision:
                self._adopt(read_installed())

    def check_secret_keys(self) -> None:
        """Fail early, with the remedy, when ``FLEET_SECRET_KEY`` is missing or malformed."""
        vault()

    def _adopt(self, installed: Installed) -> None:
        ready, faults = {}, {}
        for name, document in installed.documents.items():
            try:
                ready[name] = self._compiled(name, document)
            except (SecretKeyError, InvalidSpec) as error:
                faults[name] = str(error)
                log.error("integration cannot be used", integration=name, error=str(error))
        learn(secret for integration in ready.values() for secret in integration.secrets)
        pipelines = {name: tuple(spec["integrations"]) for name, spec in installed.pipelines.items()}
        self._ready, self.faults, self._pipelines, self._installed = ready, faults, pipelines, installed

    def _compiled(self, name: str, document: Document) -> Integration:
        known = self._ready.get(name)
        if known is not None and known.revision == document["revision"]:
            return known
        return install(name, open_spec(document), revision=document["revision"])


@per_process
def registry() -> Registry:
    """This process's registry, read once."""
    fresh = Registry()
    fresh.refresh()
    return fresh
