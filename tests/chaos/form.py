"""How large a run is, and what a scenario needs of its stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.chaos.stage import Stage

PACE = 500
"""Events a second at the most; every one goes to five vendors."""


@dataclass(frozen=True, slots=True)
class Form:
    """The size of a run: events a scenario, what its durations are multiplied by, worker processes."""

    name: str
    events: int
    stretch: float
    workers: int
    at_once: int
    longest: float

    @property
    def seconds(self) -> float:
        """How long traffic flows."""
        return max(40 * self.stretch, self.events / PACE)


FORMS = {
    "short": Form("short", 2_000, 0.1, 2, 4, 500),
    "long": Form("long", 20_000, 1.0, 3, 1, 1_800),
    "full": Form("full", 200_000, 1.0, 3, 1, 10_800),
}


@dataclass(frozen=True, slots=True)
class Setup:
    """What a scenario needs.

    ``proxied``   workers reach Redis through the fault proxy       ``redis``    further arguments of the server
    ``env``       further settings of every worker                  ``queues``   one worker for each of these ``-Q``
    ``timeout``   total seconds of a request                        ``bulk``     Klaviyo gets its events in jobs
    ``traffic``   whether events begin to flow by themselves        ``raw``      they come by a plain ``XADD``
    """

    proxied: bool = False
    redis: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    queues: tuple[str, ...] = ()
    timeout: float = 2.0
    bulk: bool = True
    traffic: bool = True
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that goes wrong. ``run`` makes it go wrong; everything is counted afterwards."""

    number: str
    title: str
    setup: Setup
    run: Callable[[Stage], None]


SCENARIOS: dict[str, Scenario] = {}


def scenario(number: str, title: str, setup: Setup = Setup()) -> Callable[[Callable[[Stage], None]], None]:
    """Decorate the function that plays a scenario."""

    def register(run: Callable[[Stage], None]) -> None:
        SCENARIOS[number] = Scenario(number, title, setup, run)

    return register


def scenarios() -> dict[str, Scenario]:
    """Every scenario by its number, in order."""
    folder = Path(__file__).parent / "scenarios"
    for module in iter_modules([str(folder)]):
        import_module(f"tests.chaos.scenarios.{module.name}")
    return dict(sorted(SCENARIOS.items(), key=lambda pair: (int(pair[0].rstrip("abcdef")), pair[0])))
