"""Where output goes: colour and tables to a terminal, plain lines to a pipe, JSON alone where it was asked for."""

from __future__ import annotations

import sys
from typing import Any

import click
import orjson
from rich.console import Console


def on_terminal() -> bool:
    """Whether a person is looking at standard output."""
    return sys.stdout.isatty()


def console() -> Console:
    """Standard output for rich. Text is printed as it is: no markup, no guessing at what to colour."""
    return Console(file=sys.stdout, markup=False, highlight=False, emoji=False)


def say(line: str) -> None:
    """One line to standard output."""
    click.echo(line)


def note(line: str) -> None:
    """One line to standard error, for people beside a program that reads standard output."""
    click.echo(line, err=True)


def say_json(value: Any) -> None:
    """A JSON value: one line to a pipe, indented on a terminal."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 if on_terminal() else 0))


def printable(text: str) -> str:
    """A text without what would break a line or command the terminal. Vendors and producers write what they like."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def compact(value: Any) -> str:
    """A JSON value in one line, for a line of text; a text as it is."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
