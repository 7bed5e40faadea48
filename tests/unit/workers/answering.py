"""A vendor that says exactly the bytes it is told to, and closes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

PAUSE = 0.05
MOST = 20


@contextmanager
def answering(*pieces: bytes, hangs: bool = False, port: int = 0) -> Iterator[tuple[str, list[bytes]]]:
    """Its address, and what it was sent: each connection is answered with the pieces, a moment apart, and cut.

    With ``hangs`` it is not cut before the block ends.
    """
    heard: list[bytes] = []
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(0.05)
        thread = threading.Thread(target=_serve, args=(server, pieces, heard, ended, hangs))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
        finally:
            ended.set()
            thread.join()


def _serve(
    server: socket.socket, pieces: Sequence[bytes], heard: list[bytes], ended: threading.Event, hangs: bool
) -> None:
    while not ended.is_set():
        try:
            line, _ = server.accept()
        except TimeoutError:
            continue
        with line:
            heard.append(line.recv(65_536))
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked has heard enough
                _say(line, pieces)
            if hangs:
                ended.wait(MOST)


def _say(line: socket.socket, pieces: Sequence[bytes]) -> None:
    for number, piece in enumerate(pieces):
        if number:
            time.sleep(PAUSE)  # it is the moment between two packets that is tested
        line.sendall(piece)
