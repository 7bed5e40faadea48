"""YAML in which a name may stand only once in a mapping. Plain YAML lets a second one silently replace the first."""

from __future__ import annotations

from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """The safe loader, stricter."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Make a mapping, unless a name comes twice."""
        seen: dict[str, Any] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen and key.value != "<<":
                first = seen[key.value].start_mark.line + 1
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value!r} stands twice in one mapping, first in line {first}", key.start_mark
                )
            if isinstance(key, yaml.ScalarNode):
                seen[key.value] = key
        return dict(super().construct_mapping(node, deep))


def load(text: str) -> Any:
    """A document's value. Raises ``yaml.YAMLError``."""
    return yaml.load(text, _Loader)
