"""Which dead letters a command is about: the options of ``fleet dead list``, ``replay``, ``purge`` and ``export``."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

import click

from schemas.dead_letter import KINDS
from schemas.moment import utc_text
from workers.cli.durations import Duration
from workers.cli.fleet import known
from workers.cli.trouble import Trouble
from workers.dead import INBOX, places
from workers.letters import Filter
from workers.registry import Registry


class When(click.ParamType[int]):
    """A moment: an ISO 8601 time, or so long ago. Its value is in epoch milliseconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Milliseconds of ``2026-06-06T10:00:00Z``, or of ``2h`` ago."""
        try:
            return round(datetime.fromisoformat(utc_text(str(value))).timestamp() * 1000)
        except ValueError:
            return self._ago(str(value), param, ctx)

    def _ago(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return int(time.time() * 1000) - Duration().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no time; write 2026-06-06T10:00:00Z, or 90s, 10m, 2h or 1d ago", param, ctx)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the options say: whose letters, which, and how many."""

    integration: str | None
    wanted: Filter
    limit: int | None

    def places(self, fleet: Registry) -> dict[str, str]:
        """Where to look."""
        if self.integration:
            known(self.integration, (*fleet.names, INBOX), "fleet status lists them")
        return places(fleet, self.integration)

    @property
    def target(self) -> str:
        """Whose letters, in words."""
        return self.integration or "every integration"

    def told(self) -> dict[str, Any]:
        """Which letters, as the log of changes has it."""
        return {**self.wanted.told(), **({"limit": self.limit} if self.limit else {})}

    def refuse_everything(self, everything: bool) -> None:
        """End the command when nothing is said of which letters, and not that all are meant."""
        if not (everything or self.integration or self.wanted):
            raise Trouble("say which letters (--help lists the options), or --all for every one")


OPTIONS = (
    click.argument("ids", nargs=-1, metavar="[ID]..."),
    click.option("--integration", "-i", help="Only this integration's; inbox for events that no integration got."),
    click.option("--kind", type=click.Choice(KINDS), help="Only this kind."),
    click.option("--status", type=int, help="Only those to which the vendor's last answer had this status."),
    click.option("--reason", help="Only those whose reason contains this text."),
    click.option("--event", help="Only events of this name (identify, page, … by their type)."),
    click.option("--person", help="Only events of this user id or anonymous id."),
    click.option("--since", "since_ms", type=When(), help="Only those that died since: 2h ago, or an ISO 8601 time."),
    click.option("--until", "until_ms", type=When(), help="Only those that died until then."),
)


def filtered(most: int | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options that choose letters, and their ``choice``; ``most`` is its default limit."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def chosen(ids: tuple[str, ...], integration: str | None, limit: int | None, **options: Any) -> None:
            wanted = {name: options.pop(name) for name in NAMES}
            command(choice=Choice(integration, Filter(ids=frozenset(ids), **wanted), limit), **options)

        limit = click.option(
            "--limit", type=click.IntRange(1), default=most, show_default=most is not None, help="At most so many."
        )
        decorated: Callable[..., None] = chosen
        for option in reversed((*OPTIONS, limit)):
            decorated = option(decorated)
        return decorated

    return decorate


NAMES = ("kind", "status", "reason", "event", "person", "since_ms", "until_ms")
EVERYTHING = click.option("--all", "everything", is_flag=True, help="Every dead letter there is.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what it would come to, and do nothing.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
