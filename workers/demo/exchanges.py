"""One real request and answer per destination, from the samples the workers kept: masked already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Any
from urllib.parse import parse_qsl

import orjson
from rich.console import Console
from rich.text import Text

from workers import keys
from workers.demo.pretty import pretty
from workers.registry import registry
from workers.streams import oldest_first

Sample = dict[str, Any]
"""One exchange, as ``workers.samples`` keeps it: a long body is cut off there."""

SHOWN = 40
"""Lines of a body that are shown."""

WIDEST = 110


@dataclass(frozen=True, slots=True)
class Shown:
    """One event of a sample: its record, how many come before it in the request, and the text before them all."""

    sample: Sample
    position: int
    message_id: str
    record: Any
    opening: str = ""


def delivered(integration: str) -> list[Sample]:
    """The samples of an integration's successes, oldest first."""
    samples = [orjson.loads(fields[b"sample"]) for _, fields in oldest_first(keys.samples(integration))]
    return [sample for sample in samples if sample["verdict"] == "delivered"]


def choose(samples: Mapping[str, list[Sample]], telling: Mapping[str, int]) -> dict[str, Shown]:
    """One event each: the most telling one, the same for all if may be, in as small a request as there is.

    ``telling``: message ids of events worth showing → 0 for the best, then 1, 2 …
    """
    found = {name: [shown for sample in each for shown in events_of(sample)] for name, each in samples.items()}
    shared = Counter(identifier for each in found.values() for identifier in {shown.message_id for shown in each})

    def rank(shown: Shown) -> tuple[int, int, int, int]:
        identifier = shown.message_id
        return telling.get(identifier, len(telling)), -shared[identifier], _length(shown), shown.sample["events"]

    return {name: min(each, key=rank) for name, each in found.items() if each}


def _length(shown: Shown) -> int:
    return len(orjson.dumps(shown.record))


def events_of(sample: Sample) -> Iterator[Shown]:
    """The events of a sample whose records are whole; of one without a JSON body the first."""
    body, identifiers = sample["request"]["body"], sample["message_ids"]
    if sample["events"] == 1:
        yield Shown(sample, 0, identifiers[0], _whole(body))
        return
    start = at = body.find("[") + 1
    for position, identifier in enumerate(identifiers):
        try:
            record, at = JSONDecoder().raw_decode(body, at)
        except JSONDecodeError:  # cut off
            return
        at += 1
        yield Shown(sample, position, identifier, record, body[:start])


def _whole(body: str) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:  # none, a form, or cut off
        return body


def show(console: Console, name: str, shown: Shown) -> None:
    """Write one exchange for people."""
    sample, answer = shown.sample, shown.sample["answer"]
    width = min(console.width - 4, WIDEST) if console.is_terminal else WIDEST
    console.print(Text.assemble((name, "bold"), f": {_size(sample['events'])}"))
    for line in _request(shown, width):
        console.print(Text(f"  {line}"))
    proof = "" if _confirms(name) else " (accepted, not confirmed)"
    console.print(Text(f"  → {answer['status']} in {sample['ms']:g} ms {_answer(answer)}{proof}\n", style="green"))


def _size(events: int) -> str:
    return "one event" if events == 1 else f"{events:,} events in one request, one of them in full"


def _confirms(name: str) -> bool:
    integration = registry().get(name)
    return integration is None or integration.destination.confirms


def _request(shown: Shown, width: int) -> Iterator[str]:
    request = shown.sample["request"]
    url, asks, query = request["url"].partition("?")
    yield f"{request['method']} {url}{asks}"
    yield from (f"  {name} = {value}" for name, value in parse_qsl(query))
    yield from (f"{name}: {value}" for name, value in request["headers"].items())
    yield from _body(shown, width)


def _body(shown: Shown, width: int) -> Iterator[str]:
    """A body in lines; of a batch one event."""
    if isinstance(shown.record, str):
        yield from filter(None, [shown.record])
        return
    before, after = shown.position, shown.sample["events"] - shown.position - 1
    yield from filter(None, [shown.opening, before and f"  … {before:,} before it"])
    yield from _cut(pretty(shown.record, width))
    if after:
        yield f"  … {after:,} after it"


def _cut(lines: Iterator[str]) -> Iterator[str]:
    every = list(lines)
    yield from every[:SHOWN]
    if len(every) > SHOWN:
        yield f"… {len(every) - SHOWN} more lines"


def _answer(answer: Mapping[str, Any]) -> str:
    kind, body = answer["headers"].get("content-type", ""), answer["body"]
    if not body:
        return "without a body"
    return body if len(body) <= 200 and not kind.startswith("image/") else f"with {kind or 'a body'}"
