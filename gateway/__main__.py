"""``python -m gateway`` is ``fleet gateway``."""

from gateway.cli import gateway

gateway(prog_name="fleet gateway")
