"""``fleet health``: whether this machine's workers get their tickets; for containers, which act on the exit status."""

from __future__ import annotations

import click

from workers.cli.terminal import say
from workers.cli.trouble import Trouble
from workers.hearing import broker_answers, workers_here


@click.command()
def health() -> None:
    """Exit with 0 when every worker process on this machine gets its tickets, else with 1.

    Run it where the workers run, with the same environment. A broker that is away is no fault of the workers.
    """
    workers = workers_here()
    if not workers:
        raise Trouble("no worker of this fleet runs here, or none has started up yet")
    deaf = [one for one in workers if one.deaf]
    if deaf and not broker_answers():
        say("the broker does not answer, so that no worker can hear anything")
    elif deaf:
        raise Trouble("\n".join(f"{one.worker} has heard nothing for {one.seconds:.0f} s" for one in deaf))
    else:
        say(f"{len(workers)} worker{'s get their' if len(workers) > 1 else ' gets its'} tickets")
