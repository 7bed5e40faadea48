"""Binding ``config`` in an expression: its root field becomes a literal before anything is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Node = dict[str, Any]

_ALL_ON_EVENT = {
    "and_expression",
    "comparator",
    "flatten",
    "function_expression",
    "key_val_pair",
    "multi_select_dict",
    "multi_select_list",
    "not_expression",
    "or_expression",
}
_FIRST_ON_EVENT = {
    "filter_projection",
    "index_expression",
    "pipe",
    "projection",
    "subexpression",
    "value_projection",
}


def bind(node: Node, constants: Mapping[str, Any]) -> Node:
    """``node`` with the field ``config`` as the literal ``constants``, wherever it is read from the event itself."""
    kind, children = node["type"], node["children"]
    if kind == "field" and node["value"] == "config":
        return {"type": "literal", "value": dict(constants), "children": []}
    if kind in _ALL_ON_EVENT:
        return {**node, "children": [bind(child, constants) for child in children]}
    if kind in _FIRST_ON_EVENT:
        return {**node, "children": [bind(children[0], constants), *children[1:]]}
    return node
