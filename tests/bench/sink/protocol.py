"""HTTP/1.1 with keep-alive, as little of it as clients of ours notice: of a head only its length is read."""

from __future__ import annotations

import asyncio
import time
from typing import cast

from tests.bench.sink.answers import ANSWERS, NOT_FOUND
from tests.bench.sink.book import Book

END = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length:"


class Books:
    """Every integration's book, and the questions that may be asked about them."""

    def __init__(self) -> None:
        self.books: dict[bytes, Book] = {}
        self._keep = False

    def open(self, name: bytes) -> Book:
        """The book of an integration, by the first word of its path."""
        book = self.books[name] = Book(name.decode(), keep=self._keep)
        return book

    def clear(self, *, keep: bool = False) -> None:
        """Forget everything; with ``keep`` every request is kept from now on, for ``delays``."""
        self.books.clear()
        self._keep = keep

    def counts(self) -> dict[str, int]:
        """Requests of each integration."""
        return {name.decode(): len(book.stamps) for name, book in self.books.items()}

    def records(self) -> dict[str, int]:
        """Records of each integration."""
        return {name.decode(): book.records() for name, book in self.books.items()}

    def stamps(self, name: str) -> list[int]:
        """When each request of an integration came (ns)."""
        book = self.books.get(name.encode())
        return list(book.stamps) if book else []

    def delays(self, name: str) -> list[float]:
        """How long each event of an integration was on its way (ms)."""
        book = self.books.get(name.encode())
        return book.delays() if book else []


class Vendor(asyncio.Protocol):
    """One connection."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._buffer = b""
        self._parts: list[bytes] = []
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        self._write = cast(asyncio.Transport, transport).write

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        if self._missing:
            data = self._joined(data)
        while data:
            size = _size(data)
            if size > len(data) or not size:
                self._parts, self._missing = [data], max(1, size - len(data))
                return
            self._take(data[:size] if size < len(data) else data)
            data = data[size:]

    def _joined(self, data: bytes) -> bytes:
        """A request of several pieces, once it is complete; empty until then."""
        self._parts.append(data)
        self._missing -= len(data)
        if self._missing > 0:
            return b""
        joined, self._parts, self._missing = b"".join(self._parts), [], 0
        return joined

    def _take(self, request: bytes) -> None:
        start = request.index(b"/") + 1
        name = request[start : request.index(b"/", start)]
        book = self._books.books.get(name) or self._books.open(name)
        book.stamps.append(time.monotonic_ns())
        if book.keeps:
            book.raw.append(request)
        self._write(ANSWERS.get(name) or ANSWERS.get(name.partition(b"-")[0], NOT_FOUND))


def _size(data: bytes) -> int:
    """How long the first request is; 0 while its head is incomplete."""
    end = data.find(END)
    if end < 0:
        return 0
    if data.startswith(b"GET"):
        return end + 4
    at = data[:end].lower().find(LENGTH)
    return end + 4 + (int(data[at + len(LENGTH) : data.find(b"\r\n", at + 2)]) if at >= 0 else 0)
