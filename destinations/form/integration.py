"""Installing an integration: from its spec in the configuration file to an ``Integration``, or every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from marshmallow import ValidationError

from destinations.form.blueprint import CompiledBlueprint, InvalidBlueprint, compile_blueprint
from destinations.form.catalog import catalog
from destinations.form.destination import Destination
from destinations.form.installed import Integration
from destinations.form.parts import Batch, Config, Limit
from destinations.form.spelling import did_you_mean
from schemas.faults import flatten
from schemas.integration import IntegrationSchema

__all__ = ["Integration", "InvalidSpec", "install", "secret_fields"]


class InvalidSpec(ValueError):
    """A spec that cannot be installed; each fault names its place: ``config.private_api_key: Missing data …``."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def install(name: str, spec: Mapping[str, Any], revision: int = 1) -> Integration:
    """Install ``spec`` (as the configuration file has it, or loaded already) under ``name``.

    Raises ``InvalidSpec`` with every fault of the spec, its config and its blueprint.
    """
    return _Installation(name, spec, revision).result()


def secret_fields(destination: Destination) -> list[str]:
    """The names of the config fields whose values must never be shown."""
    return [key for key, field in destination.config.fields.items() if field.metadata.get("secret")]


class _Installation:
    """One run of ``install``, gathering faults; what depends on a faulty part is not looked at."""

    def __init__(self, name: str, spec: Mapping[str, Any], revision: int) -> None:
        self.name = name
        self.revision = revision
        self.faults: list[str] = []
        self.spec = self._load(spec)

    def result(self) -> Integration:
        destination = self._destination()
        variant = self._variant(destination)
        config = self._config(destination)
        blueprint = self._blueprint(destination, variant, config)
        if self.faults or destination is None or variant is None or config is None or blueprint is None:
            raise InvalidSpec(self.faults)
        return self._integration(destination, variant, config, blueprint)

    def _load(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            loaded: Mapping[str, Any] = IntegrationSchema().load(spec)
        except ValidationError as error:
            messages = error.messages_dict
            self.faults += flatten(messages)
            return {key: value for key, value in dict(spec).items() if key not in messages}
        return loaded

    def _destination(self) -> Destination | None:
        name = self.spec.get("destination")
        found = catalog().get(name) if isinstance(name, str) else None
        if found is None and name is not None:
            meant, there = did_you_mean(str(name), catalog()), ", ".join(catalog())
            self.faults.append(f"destination: there is no {name!r}{meant}; there are {there}")
        return found

    def _variant(self, destination: Destination | None) -> str | None:
        name = str(self.spec.get("variant", "default"))
        if destination is None or name in destination.variants:
            return name
        there = destination.variants
        self.faults.append(
            f"variant: {destination.name} has no {name!r}{did_you_mean(name, there)}; it has {', '.join(there)}"
        )
        return None

    def _config(self, destination: Destination | None) -> Config | None:
        if destination is None:
            return None
        try:
            loaded: Config = destination.config.load(self.spec.get("config") or {})
        except ValidationError as error:
            self.faults += [_suggest(fault, destination) for fault in flatten(error.messages, "config")]
            return None
        return loaded

    def _blueprint(
        self, destination: Destination | None, variant: str | None, config: Config | None
    ) -> CompiledBlueprint | None:
        if destination is None or variant is None:
            return None
        try:
            return compile_blueprint(
                destination.variants[variant],
                self.spec.get("blueprint"),
                extra_events=destination.extra_events(config) if config is not None else None,
                config=_open(destination, config),
                name_path=destination.name_path,
                needs=_needs(destination, config),
            )
        except InvalidBlueprint as error:
            self.faults += [f"blueprint.{fault}" for fault in error.faults]
            return None

    def _integration(
        self, destination: Destination, variant: str, config: Config, blueprint: CompiledBlueprint
    ) -> Integration:
        spec = self.spec
        return Integration(
            name=self.name,
            destination=destination,
            config=config,
            origin=(spec["base_url"] or destination.host(config)).rstrip("/"),
            variant=variant,
            blueprint=blueprint,
            consent=tuple(spec["consent"]),
            on_missing_consent=spec["on_missing_consent"],
            account=f"{destination.name}:{destination.account(config)}",
            limits=() if spec["limits"]["lifted"] else tuple(destination.limits(config)),
            tightened=_tightened(spec["limits"]),
            batch=destination.batch if isinstance(destination.batch, Batch) else destination.batch(config),
            timeout=(spec["timeout"]["connect"], spec["timeout"]["total"]),
            enabled=spec["enabled"],
            max_waiting=spec["max_waiting"],
            overflow=spec["overflow"],
            max_wait=spec["max_wait"],
            on_doubt=spec["on_doubt"],
            label=spec["label"] or self.name,
            secrets=tuple(str(config[key]) for key in secret_fields(destination) if config.get(key)),
            revision=self.revision,
            spec=spec,
        )


def _open(destination: Destination, config: Config | None) -> Config | None:
    """What expressions see as ``config``: no secrets, which they could show in pieces that no mask knows."""
    secret = secret_fields(destination)
    return None if config is None else {key: value for key, value in config.items() if key not in secret}


def _needs(destination: Destination, config: Config | None) -> tuple[str, ...]:
    if callable(destination.needs):
        return tuple(destination.needs(config)) if config is not None else ()
    return tuple(destination.needs)


def _tightened(limits: Mapping[str, Any]) -> tuple[Limit, ...]:
    """An integration's own limits; a rate such as 0.5 a second is one request in two seconds."""
    windows = (("requests_per_second", 1), ("requests_per_minute", 60))
    return tuple(_limit(limits[key], seconds) for key, seconds in windows if limits.get(key))


def _limit(rate: float, seconds: int) -> Limit:
    exact = Fraction(rate).limit_denominator(1000)
    return Limit(exact.numerator, float(seconds * exact.denominator), "this integration")


def _suggest(fault: str, destination: Destination) -> str:
    """To a fault about an unknown field, add the field that was probably meant."""
    place, _, message = fault.partition(": ")
    if message != "Unknown field.":
        return fault
    return fault + did_you_mean(place.removeprefix("config."), destination.config.fields).replace("; n", " N", 1)
