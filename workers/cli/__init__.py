"""The command line: ``fleet``. A command's file is imported when it is called, so that help comes at once."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

import click

from workers.cli.group import Entry, Fleet

COMMANDS = {
    "demo": Entry(
        "workers.cli.demo:demo", "See it all happen on this machine, with stand-in vendors and sample traffic."
    ),
    "up": Entry("workers.cli.demo:up", "Run the same parts until interrupted."),
    "worker": Entry("workers.cli.worker:worker", "Run workers on all integrations' queues, or some."),
    "health": Entry("workers.cli.health:health", "Say whether the workers of this machine get their tickets."),
    "flower": Entry("workers.cli.flower:flower", "Show workers, queues and tickets in a browser."),
    "apply": Entry("workers.cli.apply:apply", "Install pipelines and integrations from a YAML file."),
    "enqueue": Entry("workers.cli.enqueue:enqueue", "Hand in events, JSON Lines."),
    "explain": Entry(
        "workers.cli.explain:explain", "Show what would be sent for an event, or why not, without sending."
    ),
    "status": Entry("workers.cli.status:status", "Show the ledger: what waits, what became of the rest, what is held."),
    "tail": Entry("workers.cli.tail:tail", "Follow deliveries as they happen."),
    "show": Entry("workers.cli.show:show", "Show where one event is, or what became of it."),
    "test": Entry("workers.cli.test:test", "Send one sample event through an integration right now."),
    "dead": Entry(
        "workers.cli.dead:dead", "Look at dead letters, the events that will not be delivered as they are; replay them."
    ),
    "hold": Entry("workers.cli.holds:hold", "Hold an integration; its events wait."),
    "release": Entry("workers.cli.holds:release", "End an integration's hold."),
    "blueprint": Entry(
        "workers.cli.blueprint:blueprint", "Show an integration's mapping, and how it differs from its variant."
    ),
    "purge": Entry("workers.cli.purge:purge", "Drop what waits in a disabled or removed integration."),
    "forget": Entry("workers.cli.forget:forget", "Erase a person from everything the fleet keeps."),
    "audit": Entry("workers.cli.audit:audit", "Recount everything that waits and died against the ledgers."),
    "changes": Entry("workers.cli.changes:changes_", "List who changed what of the fleet, and when."),
    "keys": Entry("workers.cli.keys:keys", "Look after the key that encrypts the integrations' secrets."),
    "write-key": Entry(
        "workers.cli.write_key:write_key", "Make and end the keys by which producers come in over HTTP."
    ),
    "sandbox": Entry("workers.cli.sandbox:sandbox", "Serve the stand-in vendors alone."),
}


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        try:
            click.echo(f"fleet {installed_version('signal-fleet')}")
        except PackageNotFoundError:
            click.echo("fleet, run from its source without being installed")
        context.exit()


def command_line(commands: Mapping[str, Entry]) -> Fleet:
    """``fleet`` with these commands."""

    @click.group(
        name="fleet",
        cls=Fleet,
        entries=commands,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    @click.option(
        "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version."
    )
    @click.pass_context
    def fleet(context: click.Context) -> None:
        """Signal Fleet keeps customer events safe in Redis and delivers them to vendors with a fleet of workers.

        FLEET_REDIS_URL says where the fleet's Redis is, FLEET_SECRET_KEY encrypts the vendors' credentials in it.
        """
        if context.invoked_subcommand is None:
            click.echo(context.get_help())

    return fleet


main = command_line(COMMANDS)
