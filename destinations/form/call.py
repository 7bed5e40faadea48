"""Calls in an expression: our functions beside JMESPath's own, and the check that each is called as it can be."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

from jmespath.functions import Functions

from destinations.form.functions import FUNCTIONS
from destinations.form.spelling import ExpressionError, did_you_mean

BUILT_IN: dict[str, dict[str, Any]] = dict(Functions.FUNCTION_TABLE)


def _adapted(function: Callable[..., Any]) -> dict[str, Any]:
    """Our functions take any JSON value, so the interpreter need not check types."""
    return {"function": lambda _, *arguments: function(*arguments), "signature": ({"types": [], "variadic": True},)}


class Registry(Functions):  # type: ignore[misc]
    """What the interpreter may call."""


Registry.FUNCTION_TABLE = BUILT_IN | {name: _adapted(function) for name, function in FUNCTIONS.items()}


def check_calls(text: str, node: dict[str, Any]) -> None:
    """Raise ``ExpressionError`` for a call of an unknown function, or with a wrong number of arguments."""
    if node["type"] == "function_expression":
        _check_call(text, node["value"], len(node["children"]))
    for child in node["children"]:
        if isinstance(child, dict):
            check_calls(text, child)


def _check_call(text: str, name: str, given: int) -> None:
    if name not in Registry.FUNCTION_TABLE:
        raise ExpressionError(
            f"{text}: there is no function {name}(){did_you_mean(name, Registry.FUNCTION_TABLE)}; "
            f"known: {', '.join(sorted(FUNCTIONS))}, and JMESPath's own: {', '.join(sorted(BUILT_IN))}"
        )
    least, most = _arity(name)
    if given < least or (most is not None and given > most):
        wanted = str(least) if most == least else f"{least} or more" if most is None else f"{least} to {most}"
        raise ExpressionError(f"{text}: {name}() takes {wanted} argument(s), not {given}")


def _arity(name: str) -> tuple[int, int | None]:
    if name in FUNCTIONS:
        parameters = signature(FUNCTIONS[name]).parameters.values()
        return sum(parameter.default is Parameter.empty for parameter in parameters), len(parameters)
    declared = BUILT_IN[name]["signature"]
    variadic = bool(declared) and declared[-1].get("variadic", False)
    return len(declared), None if variadic else len(declared)
