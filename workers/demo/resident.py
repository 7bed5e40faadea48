"""``fleet up``: the same parts, until interrupted, on the same ports and data each time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog

from workers.demo import told
from workers.demo.interrupts import Interruption
from workers.demo.parts import Parts, Ports
from workers.demo.place import kept_key, lasting_folder
from workers.local.processes import free_port, listens

log = structlog.get_logger(__name__)

REDIS, SANDBOX, GATEWAY, FLOWER = 6390, 8090, 8084, 5555
LOOK_EVERY = 0.5


class PortTaken(RuntimeError):
    """Somebody listens on a port that was asked for."""


@dataclass(frozen=True, slots=True)
class Up:
    """What is asked of ``fleet up``. A port of None is the usual one, or any when that is taken."""

    redis_port: int | None = None
    sandbox_port: int | None = None
    gateway_port: int | None = None
    flower_port: int | None = None
    flower: bool = True
    pool: str = "threads"

    def run(self, say: Callable[[str], None], interruption: Interruption) -> None:
        """Run until interrupted. ``PortTaken`` before anything starts; ``PartEnded`` when a part will not stay up."""
        say("Starting Redis, stand-ins for the vendors, and workers ...")
        folder = lasting_folder()
        with Parts(folder, kept_key(folder), lifted=True, pool=self.pool, ports=self._ports()) as parts:
            say("\n".join(_introduction(parts)))
            while True:
                time.sleep(LOOK_EVERY)
                interruption.heed()
                self._keep_up(parts)

    def _ports(self) -> Ports:
        flower = choose(self.flower_port, FLOWER) if self.flower else None
        gateway = choose(self.gateway_port, GATEWAY)
        return Ports(choose(self.redis_port, REDIS), choose(self.sandbox_port, SANDBOX), gateway, flower)

    @staticmethod
    def _keep_up(parts: Parts) -> None:
        """Start again what ended; its events are safe."""
        for part in parts.ended():
            part.revive()
            log.warning("a part ended and was started again", part=part.name, log=str(part.log))


def choose(wanted: int | None, usual: int) -> int:
    """A port of 127.0.0.1: the wanted one, else the usual one if it is free, else any that is."""
    if wanted is None:
        return free_port() if listens(usual) else usual
    if listens(wanted):
        raise PortTaken(f"Port {wanted} of 127.0.0.1 is taken; name another, or leave it out for any that is free.")
    return wanted


def _introduction(parts: Parts) -> Iterator[str]:
    yield "The fleet is up. Ctrl-C ends it; what it knows is kept and is there the next time."
    yield from told.where(parts)
    yield f"  integrations  {parts.fleet_file}  (change it, then: {told.command()} apply {parts.fleet_file})"
    yield "In another terminal, paste:"
    yield from told.attach(parts)
    yield "Hand in an event, in any of these ways:"
    yield from told.hand_in(parts)
    yield "Look:"
    yield from told.look()
