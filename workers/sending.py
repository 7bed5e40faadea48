"""Sending one request to a vendor: prepared by hand, through one adapter an integration, within a total deadline.

``Session.get`` costs more than twice the CPU of ``adapter.send`` with a prepared request, and would follow redirects,
keep cookies and read proxies and passwords from the environment; none of that is wanted here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from requests import PreparedRequest
from requests.exceptions import ConnectTimeout, RequestException
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from destinations.form.integration import Integration
from destinations.form.masking import mask_text
from destinations.form.parts import Answer, Reading, Record, Verdict
from destinations.form.request import Request
from workers.adapter import Adapter
from workers.process import per_process

BEFORE_SENDING = ("NewConnectionError", "NameResolutionError", "SSLError")
ANSWER_BYTES = 65_536
CONNECTIONS = 64
DEFAULTS = {"User-Agent": "SignalFleet/0.1", "Accept": "*/*", "Accept-Encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what came of it after ``ms``: an answer and its reading, or the reading of a failure."""

    request: Request
    answer: Answer | None
    reading: Reading
    ms: float = 0.0
    doubt: bool = False


def send(integration: Integration, request: Request, records: Sequence[Record]) -> Exchange:
    """Send one request, which carries ``records``, and read the answer. No reason or note tells a secret."""
    started = time.monotonic()
    try:
        answer = replace(_exchange(integration, request, started), records=records)
        reading = integration.read(answer)
    except (RequestException, HTTPError, OSError) as error:
        exchange = failure(request, error)
    else:
        exchange = Exchange(request, answer, reading)
    ms = (time.monotonic() - started) * 1000
    return replace(exchange, reading=_masked(integration, exchange.reading), ms=ms)


def _masked(integration: Integration, reading: Reading) -> Reading:
    """A vendor may repeat our credential in its answer, and an exception the address with it."""
    if not (reading.reason or reading.note):
        return reading
    reason, note = (mask_text(text, integration.secrets) for text in (reading.reason, reading.note))
    return replace(reading, reason=reason, note=note)


def failure(request: Request, error: Exception) -> Exchange:
    """What a failure on the way means: transient, and in doubt when the vendor may have taken the request."""
    never_left = isinstance(error, ConnectTimeout) or any(name in repr(error) for name in BEFORE_SENDING)
    why = "could not connect" if never_left else "no answer, its fate is in doubt"
    return Exchange(request, None, Reading(Verdict.TRANSIENT, f"{why}: {innermost(error)}"), doubt=not never_left)


def innermost(error: BaseException) -> str:
    """What really went wrong, without the wrappings."""
    cause = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    return innermost(cause) if isinstance(cause, BaseException) else f"{type(error).__name__}: {error}"


def prepare(request: Request) -> PreparedRequest:
    """A request as ``requests`` sends it."""
    prepared = PreparedRequest()
    prepared.method, prepared.url = request.method, request.url
    prepared.body = body = request.body()
    prepared.headers = CaseInsensitiveDict({**DEFAULTS, **request.headers})
    if body is not None:
        prepared.headers["Content-Length"] = str(len(body))
    return prepared


def _exchange(integration: Integration, request: Request, started: float) -> Answer:
    connect, total = integration.timeout
    response = adapters().of(integration).send(prepare(request), stream=True, timeout=(min(connect, total), total))
    try:
        body = bytearray()
        while chunk := response.raw.read1(ANSWER_BYTES, decode_content=True):
            body += chunk
            if len(body) > ANSWER_BYTES:
                break
            if time.monotonic() - started > total:
                raise TimeoutError(f"the answer took longer than {total:g} s")
    finally:
        response.close()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, bytes(body))


class Adapters:
    """This process's adapters, one an integration's revision."""

    def __init__(self) -> None:
        self._adapters: dict[str, tuple[int, Adapter]] = {}

    def of(self, integration: Integration) -> Adapter:
        """The adapter of an integration; a new revision gets a new one, and with it new connections."""
        revision, adapter = self._adapters.get(integration.name, (None, None))
        if adapter is None or revision != integration.revision:
            adapter = Adapter(CONNECTIONS)
            self._adapters[integration.name] = (integration.revision, adapter)
        return adapter


@per_process
def adapters() -> Adapters:
    """This process's adapters."""
    return Adapters()
