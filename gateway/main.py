"""The command line with all its commands: the workers', and the gateway's own, of which the workers know nothing."""

from __future__ import annotations

from workers.cli import COMMANDS, command_line
from workers.cli.group import Entry

GATEWAY = Entry("gateway.cli:gateway", "Serve producers' events and the admin API over HTTP.")

main = command_line({**COMMANDS, "gateway": GATEWAY})
