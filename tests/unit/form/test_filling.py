"""Rows written out as functions, against a plain reading of the same blueprint: side by side, path by path."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import jmespath
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jmespath.visitor import Options

from destinations.form.blueprint import compile_blueprint
from destinations.form.call import Registry
from destinations.form.names import STYLES
from destinations.form.targets import nest, parse_target

ODD = ["it's", 'a "quote"', "a\nline", "{0}", "record", "é"]
TARGETS = ["a", "b.c", "b.d", "e.f.g", "e.f.h", "d\\.ot", *ODD]

keys = st.sampled_from(["a", "order_id", "orderId", "x", *ODD])
scalars: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, 0.0, 7, 7.5, "", "7.0", "abc", "+447700900123", [], {}, [1]]
)
values = scalars | st.dictionaries(keys, scalars, max_size=3)
objects = st.dictionaries(keys, values, max_size=6)
events = st.builds(
    lambda user, properties, traits: {
        "type": "track",
        "event": "E",
        "user_id": user,
        "properties": properties,
        "traits": traits,
    },
    scalars,
    objects | scalars,
    objects,
)
paths = st.one_of(
    st.just(("user_id",)),
    st.tuples(st.sampled_from(["properties", "traits"]), keys),
    st.tuples(st.just("properties"), keys, keys),
)


@dataclass(frozen=True)
class Plain:
    """One side of a ``||``: its text, the paths it reads, and what its value should have become."""

    text: str
    reads: tuple[tuple[str, ...], ...] = ()
    converts_to: str = ""


def spelled(path: tuple[str, ...]) -> str:
    return ".".join(json.dumps(name) for name in path)


sides = st.one_of(
    paths.map(lambda path: Plain(spelled(path), (path,))),
    paths.map(lambda path: Plain(f"number({spelled(path)})", (path,), "a number")),
    paths.map(lambda path: Plain(f'e164({spelled(path)}, `"GB"`)', (path,), "a phone number")),
    paths.map(lambda path: Plain(f"lower({spelled(path)})", (path,))),
    st.tuples(paths, paths).map(
        lambda two: Plain(f"number({spelled(two[0])} || {spelled(two[1])})", two, "a number"),
    ),
    st.just(Plain('`"fixed"`')),
)
fields = st.dictionaries(st.sampled_from(TARGETS), st.lists(sides, min_size=1, max_size=3), max_size=6)
rests = st.none() | st.fixed_dictionaries(
    {
        "from": st.sampled_from(["properties", "traits"]),
        "into": st.sampled_from(["", "b", "rest", "e.f"]),
        "style": st.sampled_from(sorted(STYLES)),
        "except": st.lists(keys, max_size=2),
        "named": st.sampled_from(["omit", "keep"]),
    }
)


def read(text: str, event: dict[str, Any]) -> Any:
    return jmespath.search(text, event, Options(custom_functions=Registry()))


def false(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {})


class Reading:
    """What a blueprint makes of one event, in the words of its documentation."""

    def __init__(self, event: dict[str, Any], rest: dict[str, Any] | None) -> None:
        self.event = event
        self.rest = rest
        self.record: dict[str, Any] = {}
        self.repairs: list[str] = []
        self.taken: set[str] = set(rest["except"]) if rest else set()

    def fill(self, target: str, chain: list[Plain]) -> None:
        for side in chain:
            value = read(side.text, self.event)
            if value is None:
                self.blame(target, side)
            if not false(value) or side is chain[-1]:
                break
        if value is not None:
            self.put(target, value)
            self.take(side)

    def blame(self, target: str, side: Plain) -> None:
        for path in side.reads if side.converts_to else ():
            if (value := read(spelled(path), self.event)) is not None:
                shown = json.dumps(value, ensure_ascii=False)
                shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
                name = ".".join(path)
                self.repairs.append(f"{target}: {name} {shown} is not {side.converts_to}; left out of {target}")

    def take(self, side: Plain) -> None:
        source = self.rest and self.rest["from"]
        members = [path for path in side.reads if path[:-1] == (source,)]
        if len(members) > 1:
            members = [path for path in members if not false(read(spelled(path), self.event))][:1]
        if self.rest and self.rest["named"] == "omit":
            self.taken.update(path[-1] for path in members)

    def put(self, target: str, value: Any) -> None:
        *above, name = parse_target(target)
        nest(self.record, tuple(above))[name] = value

    def move(self, rest: dict[str, Any]) -> None:
        source, style = self.event.get(rest["from"]), STYLES[rest["style"]] or str
        for key, value in source.items() if isinstance(source, dict) else ():
            if value is None or key in self.taken:
                continue
            into, name = nest(self.record, parse_target(rest["into"])), style(key)
            if name not in into:
                into[name] = value
            elif into[name] != value:
                self.repairs.append(f"{rest['from']}.{key} left out: {name} is set already")


USER = Plain("user_id", (("user_id",),))
EMAIL = Plain("traits.email", (("traits", "email"),))
TITLED = {"from": "properties", "into": "", "style": "title", "except": [], "named": "omit"}


def made(user: Any, properties: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "E",
        "user_id": user,
        "properties": properties,
        "traits": {"email": "j@example.com"},
    }


@settings(max_examples=200)
@example({"a": [USER, EMAIL]}, None, None, made(0, {}))
@example({"a": [Plain("properties.x", (("properties", "x"),))]}, TITLED, None, made("u", [1]))
@example({}, TITLED, None, made("u", {"order_id": 1, "orderId": 7}))
@example({"X": [USER]}, TITLED, "name", made("u", {"x": 7}))
@given(fields, rests, st.sampled_from([None, "name", "b.name"]), events)
def test_a_row_makes_what_the_blueprint_says(
    chains: dict[str, list[Plain]], rest: dict[str, Any] | None, name_path: str | None, event: dict[str, Any]
) -> None:
    texts = {target: " || ".join(side.text for side in chain) for target, chain in chains.items()}
    blueprint = compile_blueprint({"events": {"E": "Named"}, "fields": texts, "rest": rest}, name_path=name_path)
    reading = Reading(event, rest)
    if name_path:
        reading.put(name_path, "Named")
    for target, chain in chains.items():
        reading.fill(target, chain)
    if rest:
        reading.move(rest)
    before = deepcopy(event)
    draft = blueprint.apply(event, {})
    assert event == before
    assert json.dumps(draft.record, sort_keys=True) == json.dumps(reading.record, sort_keys=True)
    assert sorted(draft.repairs) == sorted(reading.repairs)
