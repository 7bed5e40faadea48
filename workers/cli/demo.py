"""``fleet demo`` and ``fleet up``: a whole fleet on this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from workers.cli.trouble import Trouble
from workers.demo.interrupts import STATUS, Interruption, interruptible
from workers.demo.part import PartEnded
from workers.demo.resident import PortTaken, Up
from workers.demo.run import Demo, Mismatch
from workers.demo.stuck import Stuck
from workers.local.processes import NotReady
from workers.local.server import FolderInUse, NoServer
from workers.logs import configure

FAULTS = (NotReady, NoServer, FolderInUse, PartEnded, PortTaken, Stuck, Mismatch, OSError)
"""What can go wrong with a fleet of one's own; each message says what to do."""

POOL = click.option(
    "--pool", type=click.Choice(["threads", "prefork"]), default="threads", show_default=True, help="Celery's pool."
)
PORT = click.IntRange(1, 65535)


@click.command()
@click.option("--events", type=click.IntRange(1), default=1_000, show_default=True, help="How many events to enqueue.")
@click.option("--json", is_flag=True, help="Print nothing but the final status, as fleet status --json does.")
@click.option("--vendor-limits", is_flag=True, help="Keep to the vendors' limits, enforced by the stand-ins. Slow.")
@POOL
@click.option("--doors/--no-doors", default=True, show_default=True, help="Start gateway and Flower, too.")
@click.option("--keep", is_flag=True, help="Keep the run's folder: logs and Redis's data.")
def demo(events: int, json: bool, vendor_limits: bool, pool: str, doors: bool, keep: bool) -> None:
    """See it work: Redis, stand-in vendors, workers and a shop's traffic, all on this machine.

    Ends by itself when every event has its fate. Exit status 0 when every ledger balances and the stand-ins have what
    was delivered.
    """
    with _ending("Interrupted: everything is stopped and cleared away.") as interruption:
        Demo(events, json=json, vendor_limits=vendor_limits, pool=pool, doors=doors, keep=keep).run(interruption)


@click.command()
@click.option("--redis-port", type=PORT, help="Redis's port.  [default: 6390, or any when that is taken]")
@click.option("--sandbox-port", type=PORT, help="The stand-in vendors' port.  [default: 8090, or any]")
@click.option("--gateway-port", type=PORT, help="The gateway's port.  [default: 8084, or any]")
@click.option("--flower-port", type=PORT, help="Flower's port.  [default: 5555, or any]")
@click.option("--flower/--no-flower", default=True, show_default=True, help="Start Flower, too.")
@POOL
def up(
    redis_port: int | None,
    sandbox_port: int | None,
    gateway_port: int | None,
    flower_port: int | None,
    flower: bool,
    pool: str,
) -> None:
    """Run a whole fleet on this machine until interrupted. Its data is kept in .fleet/up."""
    with _ending("Stopped. Events that wait are kept in .fleet/up.") as interruption:
        Up(redis_port, sandbox_port, gateway_port, flower_port, flower, pool).run(click.echo, interruption)


@contextmanager
def _ending(interrupted: str) -> Iterator[Interruption]:
    """End a command as its caller expects: faults told without a traceback, an interrupt with what it left."""
    configure()
    try:
        with interruptible() as interruption:
            yield interruption
    except KeyboardInterrupt:
        click.echo(interrupted, err=True)
        sys.exit(STATUS)
    except FAULTS as fault:
        raise Trouble("\n".join([str(fault), *getattr(fault, "__notes__", ())])) from fault
