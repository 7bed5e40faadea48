"""A demo, from the first event to the proof at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import orjson
from rich.console import Console
from rich.text import Text

from workers import ledger
from workers.connection import AWAY
from workers.demo import display, exchanges, told
from workers.demo.check import Vendors, disagreements
from workers.demo.interrupts import Interruption
from workers.demo.parts import Parts, Ports
from workers.demo.place import development_key, passing_folder
from workers.demo.progress import Progress
from workers.demo.stuck import PATIENCE, stuck
from workers.demo.table import table
from workers.errors import Away
from workers.local.shop import shop_events
from workers.producer import Producer

BATCH = 200
REFRESH = 0.2
MANY = 20_000
"""Events above which the stand-in vendors only count: nobody looks at that many, and they would fill the memory."""

TELLING = ("Order Completed", "Checkout Started", "Product Added", "Product Viewed")
"""Events that show best what becomes of them, the most telling first."""


class Mismatch(RuntimeError):
    """Something does not add up at the end. The message says all that does not."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What is asked of a demo."""

    events: int = 1_000
    json: bool = False
    vendor_limits: bool = False
    pool: str = "threads"
    keep: bool = False
    doors: bool = True

    def run(self, interruption: Interruption) -> None:
        """Run it. ``Mismatch``, ``Stuck`` or ``PartEnded`` when it fails; its folder is kept then."""
        console = display.console(json=self.json)
        console.print(Text(f"Signal Fleet, with {self.events:,} events of a shop and stand-ins for the vendors."))
        began = time.monotonic()
        door = 0 if self.doors and not self.json else None  # a program that wants the JSON looks at no page
        ports = Ports(gateway=door, flower=door)
        with (
            passing_folder(keep=self.keep) as folder,
            Parts(folder, development_key(), lifted=not self.vendor_limits, pool=self.pool, ports=ports) as parts,
        ):
            console.print(Text("\n".join(_introduction(parts, time.monotonic() - began))))
            Run(self, parts, console, interruption).to_the_end()


def _introduction(parts: Parts, seconds: float) -> Iterator[str]:
    yield f"Its parts are up after {seconds:.1f} s:"
    yield from told.where(parts)
    yield "While it runs, look at it from another terminal:"
    yield from told.attach(parts)
    yield from told.look()
    yield ""


class Run:
    """One run on parts that are up."""

    def __init__(self, demo: Demo, parts: Parts, console: Console, interruption: Interruption) -> None:
        self.demo = demo
        self.parts = parts
        self.console = console
        self.interruption = interruption
        self.vendors = Vendors(parts.sandbox_url)
        self.progress = Progress(demo.events)
        self.telling: dict[str, int] = {}
        self._looked = 0.0

    def to_the_end(self) -> None:
        """Enqueue everything, wait for every event's fate, show and prove what became of them."""
        if self.demo.vendor_limits:
            self.vendors.enforce_limits()
        if self.demo.events > MANY:
            self.vendors.keep_nothing()
        try:
            self._watch()
        except (*AWAY, Away):
            self.parts.check()  # what is away has ended, most likely: that says more
            raise
        seconds, status, books = self.progress.seconds, self.progress.status, self.vendors.books()
        self._report(seconds, {name: books[name]["accepted"] for name in status["integrations"]})
        if self.demo.json:
            sys.stdout.write(orjson.dumps(status, option=orjson.OPT_INDENT_2).decode() + "\n")
        if faults := disagreements(status, books, self.demo.events):
            raise Mismatch("\n".join(["Something does not add up:", *(f"  {fault}" for fault in faults)]))

    def _watch(self) -> None:
        with display.showing(self.console) as show:
            for _ in self._enqueue():
                self._look(show)
            while not self.progress.finished:
                time.sleep(REFRESH / 4)
                self._look(show)

    def _enqueue(self) -> Iterator[None]:
        """The shop's traffic in batches, while the fleet works on those before."""
        producer, traffic = Producer(), shop_events(self.demo.events)
        while batch := list(islice(traffic, BATCH)):
            producer.enqueue(batch)
            self.telling.update(
                (event["message_id"], TELLING.index(event["event"])) for event in batch if event.get("event") in TELLING
            )
            yield

    def _look(self, show: display.Show) -> None:
        """See how things are, a few times a second."""
        self.interruption.heed()
        if time.monotonic() < self._looked + REFRESH:
            return
        self.parts.check()
        self.progress.note(ledger.status())
        show(self.progress)
        if self.progress.still > PATIENCE:
            raise stuck(self.progress.status, self.progress.still)
        self._looked = time.monotonic()

    def _report(self, seconds: float, confirmed: dict[str, int]) -> None:
        if not self.demo.json:
            self._exchanges()
        self.console.print(table(self.progress, self.progress.average, confirmed))
        self.console.print(Text("\n".join(_totals(self.progress, seconds, confirmed))))
        if self.demo.keep:
            self.console.print(Text(f"Logs and data are kept in {self.parts.folder}."))

    def _exchanges(self) -> None:
        samples = {name: exchanges.delivered(name) for name in self.progress.status["integrations"]}
        self.console.print("One real request and its answer per destination, secrets masked:\n")
        for name, shown in exchanges.choose(samples, self.telling).items():
            exchanges.show(self.console, name, shown)


def _totals(progress: Progress, seconds: float, confirmed: dict[str, int]) -> Iterator[str]:
    status = progress.status
    rows = status["integrations"].values()
    sent = sum(row["delivered"] for row in rows)
    yield (
        f"{status['received']:,} events in {seconds:.1f} s: {status['routed']:,} routed, "
        f"{status['duplicate']:,} came twice, {status['invalid']:,} invalid."
    )
    yield (
        f"{sent:,} deliveries ({sent / seconds:,.0f} a second); the stand-ins accepted {sum(confirmed.values()):,}. "
        f"Balance of all ledgers: {sum(abs(row['balance']) for row in rows)}."
    )
