"""``fleet write-key``: what producers show the HTTP door."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from workers import write_keys
from workers.cli.durations import Duration
from workers.cli.fleet import operator, reach_redis, warn_plainly
from workers.cli.terminal import console, note, on_terminal, say, say_json
from workers.cli.trouble import Trouble
from workers.write_keys import WriteKey

COLUMNS = ("id", "pipeline", "name", "created_at", "until")

Command = TypeVar("Command", bound=Callable[..., None])


@click.group("write-key")
def write_key() -> None:
    """Make and end write keys, by which the HTTP door knows whose events come in, and for which pipeline."""


def _acting(command: Command) -> Command:
    @wraps(command)
    def reached(*arguments: Any, **options: Any) -> None:
        warn_plainly()
        reach_redis()
        try:
            command(*arguments, **options)
        except write_keys.Unknown as error:
            raise Trouble(str(error.args[0])) from error

    return reached  # type: ignore[return-value]  # it takes what the command takes


@write_key.command()
@click.argument("pipeline")
@click.option("--name", default="", help="Whose it is, for those who look at the list.")
@_acting
def create(pipeline: str, name: str) -> None:
    """Make a write key for PIPELINE and print it, this once: only its hash is kept."""
    _show(*write_keys.create(pipeline, name, operator()))


@write_key.command("list")
@click.argument("pipeline", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@_acting
def list_(pipeline: str | None, as_json: bool) -> None:
    """List the write keys of PIPELINE, or of all pipelines, without the keys themselves."""
    rows = [key.shown() for key in write_keys.listed(pipeline)]
    if as_json:
        say_json(rows)
    elif on_terminal():
        _print_table(rows)
    else:
        for row in rows:
            say("\t".join(str(row[column] or "-") for column in COLUMNS))


@write_key.command()
@click.argument("pipeline")
@click.argument("key_id", metavar="ID")
@click.option("--keep", "keep_ms", type=Duration(), help="How long the former stays good. Without: it ends now.")
@_acting
def rotate(pipeline: str, key_id: str, keep_ms: int | None) -> None:
    """Replace write key ID of PIPELINE by a new one and print that, this once."""
    _show(*write_keys.rotate(pipeline, key_id, keep_ms or 0, operator()))


@write_key.command()
@click.argument("pipeline")
@click.argument("key_id", metavar="ID")
@_acting
def revoke(pipeline: str, key_id: str) -> None:
    """End write key ID of PIPELINE. Gateways notice within two seconds."""
    write_keys.revoke(pipeline, key_id, operator())
    say(f"write key {key_id} of {pipeline} is revoked")


def _show(key: WriteKey, secret: str) -> None:
    note(f"write key {key.id} of {key.pipeline}; it is not shown again:")
    say(secret)


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table  # noqa: PLC0415  # for terminals only

    table = Table(*COLUMNS, header_style="bold", box=None)
    for row in rows:
        table.add_row(*(str(row[column] or "-") for column in COLUMNS))
    console().print(table)
