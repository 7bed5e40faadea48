"""A blueprint's ``rest``: everything of an object that no field has taken, under its own or a restyled name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from destinations.form.expressions import Path, value_at
from destinations.form.names import STYLES
from destinations.form.parts import Draft, Event
from destinations.form.targets import nest, parse_target


class Rest:
    """Moves what is left of ``source`` into the record. Nulls stay behind; a name already set is kept, and said."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.source: Path = tuple(data["from"].split("."))
        self.read = value_at(self.source)
        self.into = parse_target(data["into"])
        self.style: Callable[[str], str] = STYLES[data["style"]] or str
        self.excepted = frozenset(data["except"])
        self.keeps_named = data["named"] == "keep"

    def start(self) -> set[str]:
        """The names not to move, for one event; fields add what they take."""
        return set(self.excepted)

    def move(self, event: Event, draft: Draft, taken: set[str]) -> None:
        """Move what is not in ``taken`` (see ``start``) into the draft's record."""
        source = self.read(event)
        if type(source) is not dict:
            return
        unwanted = self.excepted if self.keeps_named else taken
        if names := _styled(self.style, tuple(source)):
            left = {names[key]: value for key, value in source.items() if value is not None and key not in unwanted}
            if not left:
                return
            target = nest(draft.record, self.into)
            if target.keys().isdisjoint(left):
                target.update(left)
                return
        self._move_singly({key: source[key] for key in source if key not in unwanted}, draft)

    def _move_singly(self, left: dict[str, Any], draft: Draft) -> None:
        for key, value in left.items():
            if value is None:
                continue
            target = nest(draft.record, self.into)
            name = self.style(key)
            if name not in target:
                target[name] = value
            elif target[name] != value:
                draft.repair(f"{'.'.join(self.source)}.{key} left out: {name} is set already")


@lru_cache(maxsize=1024)
def _styled(style: Callable[[str], str], names: tuple[str, ...]) -> dict[str, str] | None:
    """Each name in ``style``, or None where two become the same. Events of a kind have the same names."""
    styled = {name: style(name) for name in names}
    return styled if len(set(styled.values())) == len(names) else None
