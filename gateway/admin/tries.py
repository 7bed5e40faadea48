"""Wrong tokens: an address that tries too many must wait, even with the right one. Counted for all gateways."""

from __future__ import annotations

import ipaddress
from typing import Any

from gateway.admin.settings import settings
from gateway.problems import Problem
from workers import keys, scripts
from workers.connection import redis

STRETCH_MS = 60_000
IPV6_NETWORK = 64
"""Whoever has one address of such a network has them all."""


def check_tries(address: str) -> None:
    """Raise the problem of an address that has tried too many wrong tokens."""
    with redis().pipeline(transaction=False) as pipe:
        pipe.get(keys.tries(network(address)))
        pipe.pttl(keys.tries(network(address)))
        tries, left_ms = pipe.execute()
    if int(tries or 0) >= settings().tries:
        raise too_many(max(1, left_ms // 1000 + 1))


def count_try(address: str) -> None:
    """Count a wrong token."""
    scripts.call(redis(), "count_try", (keys.tries(network(address)),), (STRETCH_MS,))


def too_many(seconds: int) -> Problem:
    """What an address is told that must wait."""
    message = f"too many wrong tokens from this address; try again in {seconds} s"
    return Problem(429, "too_many_tries", message, headers={"Retry-After": str(seconds)})


def network(address: str) -> str:
    """What tries are counted by: an IPv4 address, or the network of an IPv6 one."""
    try:
        parsed: Any = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 6:
        parsed = parsed.ipv4_mapped or ipaddress.ip_network((parsed, IPV6_NETWORK), strict=False)
    return str(parsed)
