"""Events as people hand them in: one JSON event, an array, or JSON Lines; in a file, through a pipe, or as they are."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path
from typing import Any

import orjson

from workers.cli.trouble import Trouble, Unparsed


def read_events(given: str) -> list[Any]:
    """Events of a file, of standard input (``-``), or of the argument itself when it begins like JSON."""
    if given.lstrip()[:1] in ("{", "["):
        return parse(given.encode(), "the argument")
    if given == "-":
        return parse(sys.stdin.buffer.read(), "standard input")
    return parse(read_bytes(given), given)


def read_bytes(path: str) -> bytes:
    """A file's bytes."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: str, error: OSError) -> Trouble:
    """The fault of a file that cannot be read."""
    return Trouble(f"{path}: cannot be read: {error.strerror or error}")


def parse(text: bytes, source: str) -> list[Any]:
    """The events of a text. Ends the command (exit code 2) with the numbers of the lines that are not JSON."""
    text = text.removeprefix(codecs.BOM_UTF8)
    if not text.strip():
        raise Unparsed(f"{source}, line 1: there is no event in it")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return _lines(text, source, error)
    return value if isinstance(value, list) else [value]


def _lines(text: bytes, source: str, whole: orjson.JSONDecodeError) -> list[Any]:
    """Read JSON Lines. When no line is an object, one JSON value was meant, and the fault is that of the ``whole``."""
    values, faults = [], []
    for number, line in enumerate(text.split(b"\n"), 1):
        if line.strip():
            try:
                values.append(orjson.loads(line))
            except orjson.JSONDecodeError as error:
                faults.append(fault(source, number, error))
    if text.lstrip().startswith(b"[") or not any(isinstance(value, dict) for value in values):
        faults = [fault(source, whole.lineno, whole)]
    if faults:
        raise Unparsed("\n".join(faults))
    return values


def fault(source: str, line: int, error: orjson.JSONDecodeError) -> str:
    """What is wrong with a line: ``events.jsonl, line 3: not JSON: unexpected character, column 7``."""
    return f"{source}, line {line}: not JSON: {error.msg.partition(':')[0]}, column {error.colno}"
