"""``python -m tests.bench.sink PORT CONTROL``: vendors on one port, questions about them on the other."""

from __future__ import annotations

import asyncio
import signal
import sys

import orjson
import uvloop

from tests.bench.sink.protocol import Books, Vendor


async def serve(port: int, control: int) -> None:
    """Serve until SIGTERM."""
    loop, books, ended = asyncio.get_running_loop(), Books(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            question = orjson.loads(line)
            writer.write(orjson.dumps(getattr(books, question.pop("ask"))(**question)) + b"\n")
            await writer.drain()
        writer.close()

    vendors = await loop.create_server(lambda: Vendor(books), "127.0.0.1", port)
    questions = await asyncio.start_server(answer, "127.0.0.1", control)
    async with vendors, questions:
        await ended.wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))
