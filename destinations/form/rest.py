"""A blueprint's ``rest``: everything of an object that no field has taken, under its own or a restyled name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
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
        if self.style is str:
            named = _without(source, unwanted)
        elif names := _styled(self.style, tuple(source)):
            named = {names[key]: value for key, value in source.items() if value is not None and key not in unwanted}
        else:
            self._move_singly(_without(source, unwanted), draft)
            return
        if named:
            target = nest(draft.record, self.into)
            if target.keys().isdisjoint(named):
                target.update(named)
            else:
                self._move_singly(_without(source, unwanted), draft)

    def _move_singly(self, left: dict[str, Any], draft: Draft) -> None:
        for key, value in left.items():
            target = nest(draft.record, self.into)
            name = self.style(key)
            if name not in target:
                target[name] = value
            elif target[name] != value:
                draft.repair(f"{'.'.join(self.source)}.{key} left out: {name} is set already")


def _without(source: dict[str, Any], unwanted: Set[str]) -> dict[str, Any]:
    """What is left of ``source``. Taking names out of a copy costs half of copying the others one by one."""
    left = source.copy()
    for name in unwanted:
        left.pop(name, None)
    return {key: value for key, value in left.items() if value is not None} if None in left.values() else left


@lru_cache(maxsize=1024)
def _styled(style: Callable[[str], str], names: tuple[str, ...]) -> dict[str, str] | None:
    """Each name in ``style``, or None where two become the same. Events of a kind have the same names."""
    styled = {name: style(name) for name in names}
    return styled if len(set(styled.values())) == len(names) else None
