"""Dead letters, samples and traces as pages for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType

from workers.cli.explained import body, indented, request_lines, text

Lines = list[RenderableType]

COLOURS = {
    "delivered": "green",
    "waiting": "cyan",
    "sent": "bold",
    "dead letter": "red",
    "dead": "red",
    "filtered": "yellow",
    "dropped": "yellow",
}


def letter_page(letter: Mapping[str, Any]) -> RenderableType:
    """A dead letter."""
    lines: Lines = [text(f"dead letter {letter['id']}", "bold"), text(f"{letter['kind']}: {letter['reason']}", "red")]
    if letter["hint"]:
        lines.append(text(letter["hint"], "yellow"))
    tries = f"tries: {letter['attempts']}, the first {letter['first_at']}, the last {letter['last_at']}"
    lines += [text(tries), "", text("event", "bold"), body(letter["event"])]
    return Group(*lines, *_exchange(letter["request"], letter["answer"]))


def sample_page(sample: Mapping[str, Any], head: str) -> RenderableType:
    """A request and its answer under a line that says how it went."""
    colour = "green" if sample["verdict"] == "delivered" else "red"
    lines: Lines = [text(head, f"bold {colour}")]
    lines += [text(sample[part], "yellow") for part in ("reason", "hint", "note") if sample.get(part)]
    return Group(*lines, *_exchange(sample["request"], sample["answer"]), "")


def trace_page(trace: Mapping[str, Any]) -> RenderableType:
    """Everything known of one event."""
    lines: Lines = [text(trace["message_id"], "bold")]
    if trace["event"] is not None:
        lines.append(body(trace["event"]))
    for name, steps in [("inbox", trace["inbox"]), *trace["integrations"].items()]:
        if steps:
            lines += ["", text(name, "bold"), *(indented(line) for step in steps for line in _step(step))]
    return Group(*lines)


def _step(step: Mapping[str, Any]) -> Iterable[RenderableType]:
    yield text(step_line(step), COLOURS.get(step["what"].partition(":")[0], ""))
    if "request" in step:
        yield from map(indented, _exchange(step["request"], step["answer"]))


def step_line(step: Mapping[str, Any]) -> str:
    """A step in one line: when, what, and what else is known of it."""
    rest = {name: value for name, value in step.items() if name not in ("at", "what", "request", "answer")}
    told = ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in rest.items() if value not in ("", None, False)
    )
    return f"{step['at']}  {step['what']}" + (f"  ({told})" if told else "")


def _exchange(request: Mapping[str, Any] | None, answer: Mapping[str, Any] | None) -> Lines:
    lines: Lines = []
    if request:
        lines += [text("request", "bold"), *map(indented, request_lines(request))]
    if answer:
        lines += [text("answer", "bold"), indented(text(str(answer["status"])))]
        lines += [indented(body(answer["body"]))] if answer["body"] else []
    return lines
