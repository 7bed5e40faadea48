"""JMESPath expressions, compiled once to plain Python closures.

``jmespath`` parses; paths, ``||``, ``&&``, ``!``, literals, indices and our functions become closures ten times faster
than its interpreter. Everything rarer is handed to that interpreter, with our functions registered. An expression that
cannot be evaluated on some event (a built-in given the wrong type) is null there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from jmespath.exceptions import JMESPathError
from jmespath.parser import Parser
from jmespath.visitor import Options, TreeInterpreter

from destinations.form.binding import Node, bind
from destinations.form.call import Registry, check_calls
from destinations.form.functions import CONVERTERS, FUNCTIONS
from destinations.form.spelling import ExpressionError, syntax_error

__all__ = ["Branch", "Compiled", "ExpressionError", "compile_expression"]

Path = tuple[str, ...]
Evaluate = Callable[[Any], Any]

_INTERPRETER = TreeInterpreter(Options(custom_functions=Registry()))
_NUMBERS = (int, float)


@dataclass(frozen=True, slots=True)
class Branch:
    """One side of a top-level ``||``.

    ``reads`` are the paths whose values may become its value; of each group the first that has one does.
    ``converts_to`` is set where the branch converts a value and may fail: "a number". ``path`` is set where it is the
    value of one plain path, or one that ``convert`` is done to, or ``steps``, one after another, which may not fail.
    """

    evaluate: Evaluate
    reads: tuple[tuple[Path, ...], ...]
    converts_to: str = ""
    path: Path | None = None
    convert: Evaluate | None = None
    steps: tuple[Evaluate, ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression ready to be evaluated on events: ``compiled(event)`` → a JSON value, or None."""

    text: str
    evaluate: Evaluate
    branches: tuple[Branch, ...]

    def __call__(self, event: Mapping[str, Any]) -> Any:
        """The expression's value for ``event``."""
        return self.evaluate(event)

    @property
    def reads(self) -> tuple[Path, ...]:
        """Every path whose value may become this expression's value."""
        return tuple(path for branch in self.branches for group in branch.reads for path in group)


def compile_expression(text: Any, constants: Mapping[str, Any] | None = None) -> Compiled:
    """Compile ``text``; its root field ``config`` stands for ``constants``. What is no text is a literal.

    Raises ``ExpressionError``, which shows the expression and where it is wrong.
    """
    if not isinstance(text, str):
        return Compiled(json.dumps(text), _constant(text), (Branch(_constant(text), ()),))
    try:
        tree = Parser().parse(text).parsed
        check_calls(text, tree)
        return _Compiler().compiled(text, bind(tree, constants or {}))
    except JMESPathError as error:
        raise syntax_error(text, error) from None
    except RecursionError:
        raise ExpressionError(f"{text[:60]}… is nested too deeply; write it in fewer levels") from None


def value_at(path: Path) -> Evaluate:
    """A closure reading ``path`` from an event; null where there is none."""
    if len(path) == 1:
        (name,) = path
        return lambda event: event.get(name)
    if len(path) == 2:
        return _second(*path)
    above, last = value_at(path[:-1]), path[-1]
    return _member(above, last)


def _second(outer: str, inner: str) -> Evaluate:
    def read(event: Any) -> Any:
        value = event.get(outer)
        return value.get(inner) if type(value) is dict else None

    return read


def _member(above: Evaluate, name: str) -> Evaluate:
    def read(event: Any) -> Any:
        value = above(event)
        return value.get(name) if type(value) is dict else None

    return read


def _element(of: Evaluate, index: int) -> Evaluate:
    def read(event: Any) -> Any:
        value = of(event)
        return value[index] if type(value) is list and -len(value) <= index < len(value) else None

    return read


def _constant(value: Any) -> Evaluate:
    """Containers are copied each time: what a vendor's code does to one record must not reach the next."""
    if isinstance(value, (dict, list)):
        return lambda _: deepcopy(value)
    return lambda _: value


def truthy(value: Any) -> bool:
    """JMESPath's truth: null, false and everything empty are false; zero is true."""
    return bool(value) or type(value) in _NUMBERS


class _Compiler:
    """Closures for the nodes of one expression."""

    def compiled(self, text: str, tree: Node) -> Compiled:
        sides = list(_sides(tree))
        return Compiled(text, self.node(tree), tuple(self._branch(side) for side in sides))

    def _branch(self, side: Node) -> Branch:
        converts_to = CONVERTERS.get(side["value"], "") if side["type"] == "function_expression" else ""
        reads = tuple(group for group in _reads(side) if group)
        if converts_to:
            convert = _conversion(side)
            path = _path(side["children"][0]) if convert else None
            return Branch(self.node(side), reads, converts_to, path, convert)
        path, steps = _steps(side)
        return Branch(self.node(side), reads, path=path, steps=steps)

    def node(self, node: Node) -> Evaluate:
        """A closure for a node that is evaluated on the event itself."""
        path = _path(node)
        if path is not None:
            return value_at(path)
        compile_node = getattr(self, f"_{node['type']}", None)
        return compile_node(node) if compile_node else self._interpreted(node)

    def _literal(self, node: Node) -> Evaluate:
        return _constant(node["value"])

    def _or_expression(self, node: Node) -> Evaluate:
        first, second = map(self.node, node["children"])

        def either(event: Any) -> Any:
            value = first(event)
            return value if value or type(value) in _NUMBERS else second(event)

        return either

    def _and_expression(self, node: Node) -> Evaluate:
        first, second = map(self.node, node["children"])

        def both(event: Any) -> Any:
            value = first(event)
            return second(event) if value or type(value) in _NUMBERS else value

        return both

    def _not_expression(self, node: Node) -> Evaluate:
        inner = self.node(node["children"][0])
        return lambda event: not truthy(inner(event))

    def _index_expression(self, node: Node) -> Evaluate:
        of, *indices = node["children"]
        if any(index["type"] != "index" for index in indices):
            return self._interpreted(node)
        evaluate = self.node(of)
        for index in indices:
            evaluate = _element(evaluate, index["value"])
        return evaluate

    def _subexpression(self, node: Node) -> Evaluate:
        first, *others = node["children"]
        if any(child["type"] != "field" for child in others):
            return self._interpreted(node)
        if first["type"] == "literal":
            return _constant(_INTERPRETER.visit(node, None))
        evaluate = self.node(first)
        for child in others:
            evaluate = _member(evaluate, child["value"])
        return evaluate

    def _function_expression(self, node: Node) -> Evaluate:
        function = FUNCTIONS.get(node["value"])
        if function is None:
            return self._interpreted(node)
        arguments = [self.node(child) for child in node["children"]]
        if len(arguments) == 1:
            return _call_one(function, node["children"][0], arguments[0])
        return lambda event: function(*[argument(event) for argument in arguments])

    def _interpreted(self, node: Node) -> Evaluate:
        def interpret(event: Any) -> Any:
            try:
                return _INTERPRETER.visit(node, event)
            except (JMESPathError, TypeError, ValueError, ArithmeticError):
                return None

        return interpret


def _call_one(function: Callable[[Any], Any], argument: Node, evaluate: Evaluate) -> Evaluate:
    """A call on one field of the event, the commonest of all, costs one closure instead of two."""
    if argument["type"] == "field":
        name = argument["value"]
        return lambda event: function(event.get(name))
    return lambda event: function(evaluate(event))


def _conversion(call: Node) -> Evaluate | None:
    """The function of a call whose first argument is a plain path and whose others, if any, are literals."""
    return _applied(call) if _path(call["children"][0]) else None


def _steps(node: Node) -> tuple[Path | None, tuple[Evaluate, ...]]:
    """The plain path that a chain of calls of our functions begins with, and the functions, the innermost first."""
    if node["type"] != "function_expression" or node["value"] not in FUNCTIONS:
        return _path(node), ()
    path, steps = _steps(node["children"][0])
    applied = _applied(node)
    return (path, (*steps, applied)) if path and applied else (None, ())


def _applied(call: Node) -> Evaluate | None:
    """The function of a call as one of its first argument alone, where the others are literals."""
    function, others = FUNCTIONS[call["value"]], call["children"][1:]
    if any(other["type"] != "literal" for other in others):
        return None
    if not others:
        return function
    arguments = [other["value"] for other in others]
    return lambda value: function(value, *arguments)


def _path(node: Node) -> Path | None:
    """The names of a plain path such as ``traits.email``."""
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] == "subexpression" and all(child["type"] == "field" for child in node["children"]):
        return tuple(child["value"] for child in node["children"])
    return None


def _sides(node: Node) -> Iterator[Node]:
    """The sides of a chain of ``||``, from left to right."""
    if node["type"] == "or_expression":
        for child in node["children"]:
            yield from _sides(child)
    else:
        yield node


def _reads(node: Node) -> Iterator[tuple[Path, ...]]:
    """Groups of paths that become the value of ``node``: itself, or what our functions are given.

    JMESPath's own functions, projections and comparisons say something *about* a value; they do not pass it on.
    """
    path = _path(node)
    if path is not None:
        yield (path,)
    elif node["type"] == "or_expression":
        yield tuple(path for side in _sides(node) for group in _reads(side) for path in group)
    elif node["type"] == "function_expression" and node["value"] in FUNCTIONS:
        for child in node["children"]:
            yield from _reads(child)
