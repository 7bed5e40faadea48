"""A blueprint's fields, compiled: which value goes where, what it was made of, and what could not be converted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from destinations.form.expressions import Branch, Compiled, Evaluate, Path, truthy, value_at
from destinations.form.parts import Draft, Event
from destinations.form.targets import Target, parse_target

Watch = Callable[[Event, Draft, set[str]], Any]
"""Evaluates a field, noting conversions that failed and the names it took from the rest's source."""

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Field:
    """One target and its value. ``watch`` is set where conversion may fail, or a name leaves the rest.

    ``only`` is the expression's side where it has but one; ``paths`` are set where it is ``path || path``, unwatched.
    """

    target: Target
    evaluate: Evaluate
    watch: Watch | None
    only: Side | None
    paths: tuple[Path, ...] = ()

    @property
    def above(self) -> Target:
        """The object the value goes into."""
        return self.target[:-1]

    @property
    def key(self) -> str:
        """The value's name there."""
        return self.target[-1]


def compile_field(text: str, expression: Compiled, source: Path | None) -> Field:
    """Compile one entry of ``fields``; ``source`` is the path the rest is taken from, or None."""
    sides = [Side(text, branch, source) for branch in expression.branches]
    watch = _watch(sides) if any(side.matters for side in sides) else None
    paths = [side.path for side in sides if side.path and not (side.convert or side.steps)]
    chain = tuple(paths) if watch is None and len(paths) == len(sides) else ()
    return Field(parse_target(text), expression.evaluate, watch, sides[0] if len(sides) == 1 else None, chain)


class Side:
    """One side of a field's ``||``, with what it takes from the rest and what it may fail to convert."""

    def __init__(self, text: str, branch: Branch, source: Path | None) -> None:
        self.text = text
        self.evaluate = branch.evaluate
        self.path = branch.path
        self.convert = branch.convert
        self.steps = branch.steps
        self.converts_to = branch.converts_to
        self.sources = (
            [(path, value_at(path)) for group in branch.reads for path in group] if branch.converts_to else []
        )
        groups = [_members(group, source) for group in branch.reads] if source else []
        self.always = tuple(name for group in groups if len(group) == 1 for name, _ in group)
        self.choices = [group for group in groups if len(group) > 1]
        self.matters = bool(self.sources or self.always or self.choices)

    def take(self, event: Event, taken: set[str]) -> None:
        """Add what the side takes from the rest when it has a value."""
        taken.update(self.always)
        for group in self.choices:
            taken.update([name for name, read in group if truthy(read(event))][:1])

    def blame(self, event: Event, draft: Draft) -> None:
        """Record what was there and could not be converted."""
        for path, read in self.sources:
            value = read(event)
            if value is not None:
                draft.repair(
                    f"{self.text}: {'.'.join(path)} {_shown(value)} is not {self.converts_to}; left out of {self.text}"
                )


def _members(group: Sequence[Path], source: Path) -> list[tuple[str, Evaluate]]:
    """The paths of a group that are direct members of ``source``, by name."""
    return [(path[-1], value_at(path)) for path in group if path[:-1] == source]


def _watch(sides: Sequence[Side]) -> Watch:
    """Take the first side that has a value, as ``||`` does."""
    if len(sides) == 1:
        return _watch_one(sides[0])
    *firsts, last = sides
    last_watch = _watch_one(last)

    def watch(event: Event, draft: Draft, taken: set[str]) -> Any:
        for side in firsts:
            value = side.evaluate(event)
            if value or type(value) in (int, float):
                side.take(event, taken)
                return value
            if value is None and side.sources:
                side.blame(event, draft)
        return last_watch(event, draft, taken)

    return watch


def _watch_one(side: Side) -> Watch:
    evaluate, always, simple = side.evaluate, side.always, not side.choices

    def watch(event: Event, draft: Draft, taken: set[str]) -> Any:
        value = evaluate(event)
        if value is None:
            if side.sources:
                side.blame(event, draft)
        elif simple:
            taken.update(always)
        else:
            side.take(event, taken)
        return value

    return watch


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def compile_fields(fields: Mapping[str, Compiled], source: Path | None) -> tuple[Field, ...]:
    """Compile ``fields`` in their order."""
    return tuple(compile_field(target, expression, source) for target, expression in fields.items())
