"""The blueprint compiler: from a mapping as data to a function from event to vendor record."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

from destinations.form.expressions import Compiled, ExpressionError, compile_expression, value_at
from destinations.form.fields import Field, compile_fields
from destinations.form.filling import Fill, write_fill
from destinations.form.mapping import Blueprint, difference, merge
from destinations.form.parts import Config, Draft, Drop, Event
from destinations.form.rest import Rest
from destinations.form.spelling import nearest
from destinations.form.targets import Target, clashes, parse_target

FORWARDED = frozenset({"track", "page", "screen"})
"""Types of events that ``unmapped: forward`` sends under their own names; the others tell of persons, not of deeds."""


class InvalidBlueprint(ValueError):
    """A blueprint that cannot be compiled; ``faults`` has a line for each fault, its place first."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class Row:
    """One mapped event: its vendor's name, the fields that make its record, and those that identify its person."""

    def __init__(self, name: str, fields: tuple[Field, ...], name_path: Target, needs: frozenset[Target]) -> None:
        self.name = name
        self.identifying = tuple(field.evaluate for field in fields if field.target in needs)
        self._fields = fields
        self._name_path = name_path

    @cached_property
    def fill(self) -> Fill:
        """What makes the record, compiled when the first such event comes."""
        return write_fill(self._fields, self._name_path)


class CompiledBlueprint:
    """What an integration does to events. Built once per revision; see ``compile_blueprint``."""

    def __init__(self, data: Blueprint, rows: Mapping[str, Row], general: Row, needs: tuple[Target, ...]) -> None:
        self.data = data
        self.needs = needs
        self._needed = [value_at(need) for need in needs]
        self._rows = dict(rows)
        self._general = general
        self._forwards = data["unmapped"] == "forward"
        self._rest = Rest(data["rest"]) if data["rest"] else None

    def _row(self, event: Event) -> tuple[str, Row] | None:
        kind = event["type"]
        key = event.get("event") if kind == "track" else kind
        row = self._rows.get(key) if type(key) is str else None
        if row is not None:
            return row.name, row
        if self._forwards and kind in FORWARDED and type(key) is str:
            return key, self._general
        return None

    def name_for(self, event: Event) -> str | None:
        """The vendor's name for ``event``, or None where it is not mapped."""
        found = self._row(event)
        return found and found[0]

    def filtered(self, event: Event) -> Drop | None:
        """Why ``event`` never becomes a record: it is not mapped, or names no person where the vendor needs one."""
        found = self._row(event)
        if found is None:
            return Drop("unmapped", self._unmapped(event))
        for evaluate in found[1].identifying:  # a loop: in a generator or a list it costs twice as much
            value = evaluate(event)
            if value is not None and value != "":
                return None
        return self._unidentified() if self.needs else None

    def apply(self, event: Event, config: Config) -> Draft:
        """Make the record of ``event``: its fields, then the rest.

        Nested values are the event's own, not copies. Raises ``Drop`` for an event that is not mapped, or that names
        no person where the vendor needs one.
        """
        found = self._row(event)
        if found is None:
            raise Drop("unmapped", self._unmapped(event))
        name, row = found
        draft = Draft(event, name, {}, config)
        taken = self._rest.start() if self._rest else set()
        row.fill(event, draft, taken)
        if self._rest:
            self._rest.move(event, draft, taken)
        for read in self._needed:
            value = read(draft.record)
            if value is not None and value != "":
                return draft
        if self.needs:
            raise self._unidentified()
        return draft

    def _unmapped(self, event: Event) -> str:
        name = str(event.get("event") if event["type"] == "track" else event["type"])
        found = self.nearest(name)
        return f"{name!r} is not mapped" + (f"; nearest: {found!r}" if found else "")

    def _unidentified(self) -> Drop:
        return Drop("no_identity", "none of " + ", ".join(".".join(need) for need in self.needs) + " has a value")

    def nearest(self, name: str) -> str | None:
        """The mapped event most like ``name``, or None."""
        return _nearest(name, tuple(self._rows))

    def diff(self, variant: Blueprint) -> list[str]:
        """How this mapping differs from ``variant``, a line for each entry removed (``-``) or added (``+``)."""
        return difference(merge(variant), self.data)


@lru_cache(maxsize=4096)
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    return nearest(name, known)


def compile_blueprint(
    variant: Blueprint,
    override: Blueprint | None = None,
    *,
    extra_events: Mapping[str, Any] | None = None,
    config: Config | None = None,
    name_path: str | None = None,
    needs: tuple[str, ...] = (),
) -> CompiledBlueprint:
    """Merge and compile. ``config`` is what expressions see as ``config``; ``name_path`` where the event's name goes.

    Raises ``InvalidBlueprint`` with every fault at once.
    """
    data = merge(variant, override, extra_events)
    return _Compilation(data, config or {}, name_path, needs).result()


class _Compilation:
    """One run of the compiler, gathering faults."""

    def __init__(self, data: Blueprint, config: Config, name_path: str | None, needs: tuple[str, ...]) -> None:
        self.data = data
        self.config = config
        self.name_path = parse_target(name_path or "")
        self.needs = tuple(parse_target(need) for need in needs)
        self.source = tuple(data["rest"]["from"].split(".")) if data["rest"] else None
        self.into = (*parse_target(data["rest"]["into"]), "*") if data["rest"] else ()
        self.faults: list[str] = []
        self.clashing: set[Target] = set()

    def result(self) -> CompiledBlueprint:
        general = self._expressions("fields", self.data["fields"])
        forwarded = self._compose("fields", "", general)
        rows = {event: self._row(f"events.{event}.fields", row, general) for event, row in self.data["events"].items()}
        if self.faults:
            raise InvalidBlueprint(self.faults)
        return CompiledBlueprint(self.data, rows, forwarded, self.needs)

    def _row(self, place: str, row: Mapping[str, Any], general: Mapping[str, Compiled]) -> Row:
        own = self._expressions(place, row["fields"])
        return self._compose(place if own else "fields", row["name"], {**general, **own})

    def _compose(self, place: str, name: str, expressions: Mapping[str, Compiled]) -> Row:
        targets = [parse_target(target) for target in expressions] + [self.name_path, self.into]
        for above, below in clashes(targets):
            if above not in self.clashing:
                self.clashing.add(above)
                self.faults.append(f"{place}.{'.'.join(above)}: is also the parent of {'.'.join(below)}")
        return Row(name, compile_fields(expressions, self.source), self.name_path, frozenset(self.needs))

    def _expressions(self, place: str, fields: Mapping[str, Any]) -> dict[str, Compiled]:
        compiled = {}
        for target, text in fields.items():
            try:
                compiled[target] = compile_expression(text, self.config)
            except ExpressionError as error:
                self.faults.append(f"{place}.{target}: {error}")
        return compiled
