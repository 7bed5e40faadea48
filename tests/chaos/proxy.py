"""A TCP proxy that breaks connections on purpose: ``python -m tests.chaos.proxy --port 7001 --target 6379 …``.

One JSON object a line on the control port says what to do, and each gets one line in answer, the counts so far:

``{"do": "storm", "every": 0.3, "longest": 2}``  from now on hit a connection about so often (seconds): cut it, let it
                                                 stall for up to ``longest`` seconds, or close one direction of it
``{"do": "calm"}``      hit none from now on          ``{"do": "cut"}``     cut every connection there is
``{"do": "refuse"}``    close the port, cut them all  ``{"do": "accept"}``  open it again
``{"do": "counts"}``    nothing
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import struct
from collections import Counter
from contextlib import suppress
from typing import Any

HOST = "127.0.0.1"
CHUNK = 65_536
NO_LINGER = struct.pack("ii", 1, 0)
FAULTS = ("cut", "stalled", "half_closed", "unanswered")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def abort(writer: asyncio.StreamWriter) -> None:
    """End a connection with a reset, as a failing network does."""
    line: socket.socket | None = writer.get_extra_info("socket")
    if line is not None:
        with suppress(OSError):
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    writer.transport.abort()


class Line:
    """One connection through the proxy."""

    def __init__(self, client: Streams, server: Streams) -> None:
        self.client, self.server = client, server
        self._flows = asyncio.Event()
        self._flows.set()
        self._swallow = False

    async def run(self) -> None:
        """Carry bytes both ways until either end is done."""
        there = asyncio.create_task(self._pump(self.client[0], self.server[1], answers=False))
        back = asyncio.create_task(self._pump(self.server[0], self.client[1], answers=True))
        await asyncio.wait((there, back))
        self.cut()

    def cut(self) -> None:
        """Reset both ends."""
        for _, writer in (self.client, self.server):
            abort(writer)

    def stall(self, seconds: float) -> None:
        """Carry nothing for a while."""
        self._flows.clear()
        asyncio.get_running_loop().call_later(seconds, self._flows.set)

    def half_close(self) -> None:
        """End the client's direction towards the server alone: what it has asked may still be answered."""
        with suppress(OSError, RuntimeError):
            self.server[1].write_eof()

    def leave_unanswered(self) -> None:
        """Carry requests on and swallow the answers: done, and nobody is told."""
        self._swallow = True

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        with suppress(OSError, RuntimeError):
            while data := await reader.read(CHUNK):
                await self._flows.wait()
                if answers and self._swallow:
                    continue
                writer.write(data)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.write_eof()


class Proxy:
    """All connections to one target, and what befalls them; the same seed draws the same faults."""

    def __init__(self, port: int, target: int, seed: int) -> None:
        self._port, self._target = port, target
        self._dice = random.Random(seed)
        self._lines: dict[Line, None] = {}
        self._listener: asyncio.Server | None = None
        self._storm: asyncio.Task[None] | None = None
        self._counts: Counter[str] = Counter()

    async def accept(self) -> None:
        """Listen."""
        if self._listener is None:
            self._listener = await asyncio.start_server(self._connected, HOST, self._port)

    async def refuse(self) -> None:
        """Listen no more, and cut what is open."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self.cut()

    def cut(self) -> None:
        """Cut every connection."""
        for line in list(self._lines):
            line.cut()
            self._counts["cut"] += 1

    def storm(self, every: float, longest: float) -> None:
        """Hit a connection about every so many seconds."""
        self.calm()
        self._storm = asyncio.create_task(self._hit_on(every, longest))

    def calm(self) -> None:
        """Hit none any more."""
        if self._storm is not None:
            self._storm.cancel()
            self._storm = None

    async def obey(self, order: dict[str, Any]) -> dict[str, int]:
        """Do what one control line asks for; the counts afterwards."""
        match order.pop("do"):
            case "storm":
                self.storm(**order)
            case "calm":
                self.calm()
            case "cut":
                self.cut()
            case "refuse":
                await self.refuse()
            case "accept":
                await self.accept()
            case "counts":
                pass
            case other:
                raise ValueError(f"{other!r} is nothing this proxy can do; see tests/chaos/proxy.py")
        return {"open": len(self._lines), **self._counts}

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server = await asyncio.open_connection(HOST, self._target)
        except OSError:  # the target is away: so are we
            abort(writer)
            return
        line = Line((reader, writer), server)
        self._lines[line] = None
        self._counts["connections"] += 1
        try:
            await line.run()
        finally:
            del self._lines[line]

    async def _hit_on(self, every: float, longest: float) -> None:
        while True:
            await asyncio.sleep(self._dice.expovariate(1 / every))
            if self._lines:
                self._hit(self._dice.choice(list(self._lines)), self._dice.choice(FAULTS), longest)

    def _hit(self, line: Line, fault: str, longest: float) -> None:
        self._counts[fault] += 1
        match fault:
            case "cut":
                line.cut()
            case "stalled":
                line.stall(self._dice.uniform(0, longest))
            case "half_closed":
                line.half_close()
            case _:
                line.leave_unanswered()


async def serve(proxy: Proxy, control: int) -> None:
    """Run a proxy and its control port for ever."""

    async def controlled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(await proxy.obey(json.loads(line))).encode() + b"\n")
            await writer.drain()
        writer.close()

    await proxy.accept()
    await (await asyncio.start_server(controlled, HOST, control)).serve_forever()


def main() -> None:
    """Serve, as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.proxy", description="A proxy that breaks connections.")
    for name, what in (("port", "where clients connect"), ("target", "where they get to"), ("control", "for orders")):
        parser.add_argument(f"--{name}", type=int, required=True, help=what)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    asyncio.run(serve(Proxy(asked.port, asked.target, asked.seed), asked.control))


if __name__ == "__main__":
    main()
