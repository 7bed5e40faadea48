r"""Target paths: where in a vendor's record a value goes. Dots nest; ``\.`` is a dot in a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from destinations.form.parts import Record

Target = tuple[str, ...]

_DOT = re.compile(r"(?<!\\)\.")


def parse_target(text: str) -> Target:
    """``user.customIDs.stableID`` → its names; the empty text is the record itself."""
    return tuple(name.replace("\\.", ".") for name in _DOT.split(text)) if text else ()


def nest(record: Record, path: Target) -> dict[str, Any]:
    """The object at ``path`` in ``record``, made where it is missing."""
    for name in path:
        record = record.setdefault(name, {})
    return record


def clashes(targets: Sequence[Target]) -> list[tuple[Target, Target]]:
    """Targets that would have to be a value and the parent of another at once, each with one such other."""
    parents = {target[:end]: target for target in targets for end in range(1, len(target))}
    return [(target, parents[target]) for target in dict.fromkeys(targets) if target in parents]
