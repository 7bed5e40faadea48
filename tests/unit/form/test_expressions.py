from __future__ import annotations

import json
from typing import Any

import jmespath
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError
from jmespath.visitor import Options

from destinations.form.call import Registry
from destinations.form.expressions import ExpressionError, compile_expression
from destinations.form.functions import FUNCTIONS

CONFIG = {"country": "GB", "tags": ["a"], "deep": {"er": 0}}

names = st.sampled_from(["a", "b", "type", "config", "country", '"x y"', '"a.b"', '"é"'])
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
)
scalars |= st.sampled_from(["", "7.20", "2026-06-06T10:00:00Z", "+447700900123", 0, 0.0])
keys = st.sampled_from(["a", "b", "type", "x y", "a.b", "é", "country"])
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(keys, v, max_size=4), max_leaves=12)
events = st.dictionaries(keys, values, max_size=5)
literals = (scalars | st.just([]) | st.just({})).map(lambda value: "`" + json.dumps(value).replace("`", "\\`") + "`")


def _calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    ours = st.sampled_from(sorted(FUNCTIONS))
    theirs = st.sampled_from(["length", "to_string", "keys", "type", "not_null", "sum", "max", "reverse", "to_number"])
    return st.builds("{}({})".format, ours | theirs, inner) | st.builds("e164({}, {})".format, inner, inner)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{} || {}".format, inner, inner),
        st.builds("{} && {}".format, inner, inner),
        st.builds("!{}".format, inner),
        st.builds("({})".format, inner),
        st.builds("({}).{}".format, inner, names),
        st.builds("{} | {}".format, inner, inner),
        st.builds("({})[{}]".format, inner, st.integers(-3, 3)),
        st.builds("({})[*].{}".format, inner, names),
        st.builds("({})[]".format, inner),
        st.builds("({})[::{}]".format, inner, st.sampled_from([-1, 1, 2])),
        st.builds("({})[?{} == {}]".format, inner, names, literals),
        st.builds("{} < {}".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{k: {}}}".format, inner),
        _calls(inner),
    )


paths = st.lists(names, min_size=1, max_size=4).map(".".join)
expressions = st.recursive(paths | literals | st.just("@"), _larger, max_leaves=6)


def interpreted(text: str, event: dict[str, Any]) -> Any:
    document = {**event, "config": CONFIG} if "config" in text else event
    return jmespath.search(text, document, Options(custom_functions=Registry()))


@settings(max_examples=1500)
@given(expressions, events)
@example("a || b", {"a": 0, "b": 1})
@example("a || b", {"a": False, "b": ""})
@example("a.b || `{}`", {"a": [{"b": 1}]})
@example("config.deep.er || a", {"a": 1})
@example("!a", {"a": 0})
@example("a[-4]", {"a": [1, 2, 3]})
def test_compiled_equals_the_interpreter(text: str, event: dict[str, Any]) -> None:
    assume(not ("@" in text and "config" in text))  # the interpreter's "@" would show the config, ours never does
    compiled = compile_expression(text, CONFIG)
    try:
        expected = interpreted(text, event)
    except (JMESPathError, TypeError):
        compiled(event)  # the interpreter has no answer; ours must at least not raise
    else:
        assert json.dumps(compiled(event)) == json.dumps(expected)


@pytest.mark.parametrize("text", ["properties.a", "a || b || c", "e164(a, config.country)", "config.country", "a[0].b"])
def test_common_expressions_never_reach_the_interpreter(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = compile_expression(text, CONFIG)
    monkeypatch.setattr("destinations.form.expressions._INTERPRETER", None)
    compiled({"a": [{"b": 1}]})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the expression is empty"),
        ("traits.", "traits. ends too early, at position 7"),
        ("number(a", "number(a ends too early, at position 8"),
        ("a b", "a b: unexpected 'b' at position 2"),
        ("a # b", "a # b: Unknown token # at position 2"),
        ('"a', "Unclosed"),
        ("lowr(a)", "there is no function lowr(); nearest: 'lower'; known: e164, epoch_millis"),
        ("[a, {b: !lowr(a)}]", "there is no function lowr()"),
        ("number(a, b)", "number() takes 1 argument(s), not 2"),
        ("e164()", "e164() takes 1 to 2 argument(s), not 0"),
        ("length()", "length() takes 1 argument(s), not 0"),
        ("not_null()", "not_null() takes 1 or more argument(s), not 0"),
        ("(" * 2_000 + "a" + ")" * 2_000, "nested too deeply"),
        ("||".join(["a"] * 10_000), "nested too deeply"),
    ],
)
def test_a_fault_shows_the_expression_and_the_remedy(text: str, fault: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        compile_expression(text)
    assert fault in str(raised.value)


def test_a_constant_container_is_never_shared_between_events() -> None:
    compiled = compile_expression("config.tags", CONFIG)
    compiled({}).append("b")
    assert compiled({}) == ["a"]


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("properties.a || traits.b", [("properties", "a"), ("traits", "b")]),
        ("e164(trim(properties.a), config.country)", [("properties", "a")]),
        ("length(properties.products)", []),
        ("properties.products[*].id", []),
        ("`1`", []),
    ],
)
def test_reads_are_the_paths_that_become_the_value(text: str, reads: list[tuple[str, ...]]) -> None:
    assert list(compile_expression(text).reads) == reads
