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
        left = source.copy()  # taking names out of a copy costs half of copying the others one by one
        for name in self.excepted if self.keeps_named else taken:
            left.pop(name, None)
        if None in left.values():
            left = {key: value for key, value in left.items() if value is not None}
        if left:
            self._put(left, draft)

    def _put(self, left: dict[str, Any], draft: Draft) -> None:
        """Put all of it there at once, where no name is set already."""
        names = left if self.style is str else _styled(self.style, tuple(left))
        if names is None:
            self._move_singly(left, draft)
            return
        styled = left if names is left else dict(zip(names, left.values(), strict=True))
        target = nest(draft.record, self.into)
        if target.keys().isdisjoint(styled):
            target.update(styled)
        else:
            self._move_singly(left, draft)

    def _move_singly(self, left: dict[str, Any], draft: Draft) -> None:
        for key, value in left.items():
            target = nest(draft.record, self.into)
            name = self.style(key)
            if name not in target:
                target[name] = value
            elif target[name] != value:
                draft.repair(f"{'.'.join(self.source)}.{key} left out: {name} is set already")


@lru_cache(maxsize=1024)
def _styled(style: Callable[[str], str], names: tuple[str, ...]) -> tuple[str, ...] | None:
    """The names in ``style``, or None where two become the same. Events of a kind have the same names."""
    styled = tuple(map(style, names))
    return styled if len(set(styled)) == len(names) else None
