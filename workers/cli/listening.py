"""An address to listen on, tried before anything is started that would end in a traceback over it."""

from __future__ import annotations

import socket

from workers.cli.trouble import Trouble


def check_address(host: str, port: int) -> None:
    """Raise ``Trouble`` unless this process may listen there, and nobody else does."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
            tried.listen()
    except OSError as error:
        raise cannot_listen(host, port, error) from error


def cannot_listen(host: str, port: int, error: OSError) -> Trouble:
    """What people are told of an address nobody can listen on."""
    return Trouble(f"cannot listen on {host}:{port}: {error.strerror or error}; choose another address or port")
