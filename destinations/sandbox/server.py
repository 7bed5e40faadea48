"""Serve all stand-in vendors from one process and one port: ``http://HOST:PORT/<vendor>/…``."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

import uvloop
from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import RequestHandler
from marshmallow import ValidationError

from destinations.sandbox.control import control, listing
from destinations.sandbox.exchange import Answer, Call, json_answer
from destinations.sandbox.faults import Fault
from destinations.sandbox.stand import Stand
from destinations.sandbox.vendors import vendors

MOST_BYTES = 64 * 1024 * 1024
"""Larger bodies are cut off by the server itself; every vendor's own limit is far below."""

LONGEST_HANG = 120.0
LISTS = {"/_accepted": "accepted", "/_discarded": "discarded", "/_refused": "refused"}
NO_LINGER = struct.pack("ii", 1, 0)


class Sandbox:
    """The stands of all vendors behind one request handler."""

    def __init__(self, strict_names: bool = False) -> None:
        self.stands = {name: Stand(vendor(strict_names)) for name, vendor in vendors().items()}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, whichever vendor or switch it is for."""
        path, _, query = request.raw_path.partition("?")
        _, name, rest = path.split("/", 2) if path.count("/") > 1 else ("", path[1:], "")
        call = Call(request.method, f"/{rest}", query, request.headers, await request.read(), time.time())
        stand = self.stands.get(name)
        if stand is None:
            return _response(self._overall(name, call))
        if rest.startswith("_"):
            return await _look(stand, call, request)
        answer, fault, late = stand.decide(call)
        if late:
            await asyncio.sleep(late)
        if fault is not None and fault.status is None:
            await _never_answer(request, fault)
        return _response(answer)

    def _overall(self, name: str, call: Call) -> Answer:
        if name == "_health":
            return json_answer(200, {"status": "ok", "vendors": sorted(self.stands)})
        if name == "_accepted" and call.method == "GET":
            return json_answer(200, {each: stand.summary() for each, stand in self.stands.items()})
        if name in ("_accepted", "_faults", "_limits", "_credentials", "_options"):
            call.path = f"/{name}"
            answers = [control(stand, call) for stand in self.stands.values()]
            return max(answers, key=lambda answer: answer.status)
        return json_answer(404, {"error": f"No vendor {name!r} here; there are {', '.join(sorted(self.stands))}."})


async def _look(stand: Stand, call: Call, request: web.BaseRequest) -> web.StreamResponse:
    which = LISTS.get(call.path)
    if call.method != "GET" or which is None:
        return _response(control(stand, call))
    asked = dict(parse_qsl(call.query))
    if which == "accepted" and asked.get("summary", "0") not in ("", "0"):
        return _response(json_answer(200, stand.summary()))
    try:
        return await _stream(request, listing(stand, which, asked))
    except ValidationError as fault:
        return _response(json_answer(400, {"error": fault.messages}))


async def _stream(request: web.BaseRequest, pieces: Iterator[bytes]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response


async def _never_answer(request: web.BaseRequest, fault: Fault) -> None:
    """Cut the line or let the client wait; the handler is cancelled once the connection is gone."""
    transport = request.transport
    if transport is not None and not fault.accept_then_hang:
        _reset(transport)
    await asyncio.sleep(LONGEST_HANG)
    if request.transport is not None:
        _reset(request.transport)


def _reset(transport: asyncio.Transport) -> None:
    """Close with a TCP reset instead of an orderly end."""
    line = transport.get_extra_info("socket")
    if line is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MOST_BYTES)


@asynccontextmanager
async def serving(port: int = 0, host: str = "127.0.0.1", *, strict_names: bool = False) -> AsyncIterator[int]:
    """Serve while the block runs; gives the bound port. ``strict_names``: Kustomer's stricter naming rules."""
    server = web.Server(
        Sandbox(strict_names).handle,
        request_factory=_request,
        handler_cancellation=True,
        auto_decompress=False,
        access_log=None,
    )
    listener = await asyncio.get_running_loop().create_server(server, host, port, backlog=1024)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        server.pre_shutdown()
        await server.shutdown(1.0)


def run(
    port: int = 8090,
    host: str = "127.0.0.1",
    *,
    strict_names: bool = False,
    ready: Callable[[int], object] = lambda _: None,
) -> None:
    """Serve until SIGINT or SIGTERM. ``ready`` is called with the bound port (``port`` 0 picks a free one)."""
    logging.getLogger("aiohttp.server").setLevel(logging.ERROR)
    uvloop.run(_until_signalled(port, host, strict_names, ready))


async def _until_signalled(port: int, host: str, strict_names: bool, ready: Callable[[int], object]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(port, host, strict_names=strict_names) as bound:
        ready(bound)
        await stop.wait()
