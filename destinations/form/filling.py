"""A row of a blueprint as one Python function, written out and compiled.

Most fields read one path, or convert what one path holds. Written out, they cost no calls.
For the fields ``id: user_id`` and ``meta.taxNum:
number(properties.tax)``, with ``name_path="name"``, the function is

    def fill(event, draft, taken):
        record = draft.record
        record['name'] = draft.name
        value = event.get('user_id')
        if value is not None:
            record['id'] = value
        group1 = {}
        object0 = event.get('properties')
        if type(object0) is not dict: object0 = NOTHING
        value = object0.get('tax')
        if value is not None:
            value = convert1(value)
            if value is None:
                blame1(event, draft)
            else:
                group1['taxNum'] = value
                taken.add('tax')
        if group1: record['meta'] = group1

Text from a blueprint enters it as a string literal (``repr``) alone; whatever is rarer stays a closure that it calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from destinations.form.expressions import Evaluate, Path
from destinations.form.fields import Field
from destinations.form.parts import Draft, Event
from destinations.form.targets import Target

Fill = Callable[[Event, Draft, set[str]], None]
"""Fills a draft's record from an event; adds the names it took from the rest's source."""


def write_fill(fields: Sequence[Field], name_path: Target) -> Fill:
    """Write and compile the function of one row: the event's name goes to ``name_path``, then come its fields."""
    writer = _Writer()
    if name_path:
        writer.line(f"{_nest(name_path[:-1])}[{name_path[-1]!r}] = draft.name")
        writer.make(name_path[:-1])
    for number, above in enumerate(dict.fromkeys(field.above for field in fields)):
        writer.group(number, above, [field for field in fields if field.above == above])
    return writer.compiled()


def _nest(path: Target) -> str:
    """The object at ``path`` in the record, made where it is missing."""
    return "record" + "".join(f".setdefault({name!r}, {{}})" for name in path)


class _Writer:
    """Lines of the function, and what they call by name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.objects: dict[Path, str] = {}
        self.made: set[Target] = set()
        self.names: dict[str, Any] = {"NOTHING": {}, "NUMBERS": (int, float)}

    def compiled(self) -> Fill:
        source = "\n    ".join(["def fill(event, draft, taken):", "record = draft.record", *self.lines])
        exec(compile(source, "<a row of a blueprint>", "exec"), self.names)
        fill: Fill = self.names["fill"]
        return fill

    def line(self, text: str, level: int = 0) -> None:
        self.lines.append("    " * level + text)

    def group(self, number: int, above: Target, fields: Sequence[Field]) -> None:
        """The fields that go into one object, which is made only when one of them has a value."""
        into = f"group{number}" if above else "record"
        if above:
            self.line(f"{into} = {{}}")
        for field in fields:
            self.field(field, into)
        if above and above in self.made:
            self.line(f"if {into}: {_nest(above)}.update({into})")
        elif above:
            self.line(f"if {into}: {_nest(above[:-1])}[{above[-1]!r}] = {into}")
        self.make(above)

    def make(self, path: Target) -> None:
        """From here on there may be an object at ``path`` in the record, and at each above it."""
        self.made.update(path[:end] for end in range(1, len(path) + 1))

    def field(self, field: Field, into: str) -> None:
        side = field.only
        if side and side.path and side.convert:
            self.converted(field, into, side.path)
            return
        if side and side.path:
            self.line(f"value = {self.read(side.path)}")
            self.stepwise(side.steps)
        elif field.paths:
            self.chain(field.paths)
        elif field.watch:
            self.line(f"value = {self.named('watch', field.watch)}(event, draft, taken)")
        else:
            self.line(f"value = {self.named('evaluate', field.evaluate)}(event)")
        self.line("if value is not None:")
        self.store(field, into, level=1)

    def stepwise(self, steps: Sequence[Evaluate]) -> None:
        """What our functions make of the value; all of them answer null for null."""
        call = "value"
        for step in steps:
            call = f"{self.named('step', step)}({call})"
        if steps:
            self.line(f"if value is not None: value = {call}")

    def chain(self, paths: Sequence[Path]) -> None:
        """The first value that JMESPath calls true, else the last."""
        self.line(f"value = {self.read(paths[0])}")
        for path in paths[1:]:
            reading = self.read(path)
            self.line("if not value and type(value) not in NUMBERS:")
            self.line(f"value = {reading}", 1)

    def converted(self, field: Field, into: str, path: Path) -> None:
        assert field.only
        self.line(f"value = {self.read(path)}")
        self.line("if value is not None:")
        self.line(f"value = {self.named('convert', field.only.convert)}(value)", 1)
        self.line("if value is None:", 1)
        self.line(f"{self.named('blame', field.only.blame)}(event, draft)", 2)
        self.line("else:", 1)
        self.store(field, into, level=2)

    def store(self, field: Field, into: str, level: int) -> None:
        self.line(f"{into}[{field.key!r}] = value", level)
        for name in field.only.always if field.only and field.only.path else ():
            self.line(f"taken.add({name!r})", level)

    def read(self, path: Path) -> str:
        of = self.object(path[:-1]) if path[1:] else "event"
        return f"{of}.get({path[-1]!r})"

    def object(self, path: Path) -> str:
        """A variable for an object that several fields read from; empty where the event has something else."""
        if path not in self.objects:
            reading = self.read(path)
            self.objects[path] = name = f"object{len(self.objects)}"
            self.line(f"{name} = {reading}")
            self.line(f"if type({name}) is not dict: {name} = NOTHING")
        return self.objects[path]

    def named(self, kind: str, function: Any) -> str:
        name = f"{kind}{len(self.names)}"
        self.names[name] = function
        return name
