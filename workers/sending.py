"""Sending one request to a vendor, through one adapter an integration, within a total deadline.

``Session.get`` costs ten times the CPU, and would follow redirects, keep cookies and read proxies and passwords from
the environment; none of that is wanted here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from destinations.form.integration import Integration
from destinations.form.masking import mask_text
from destinations.form.parts import Answer, Reading, Record, Verdict
from destinations.form.request import Request
from workers.adapter import Adapter, NotConnected
from workers.process import per_process

CONNECTIONS = 64


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
    started, (connect, total) = time.monotonic(), integration.timeout
    answer, doubt = None, False
    try:
        adapter = adapters().of(integration)
        answer = Answer(*adapter.exchange(request, min(connect, total), total), records)
        reading = integration.read(answer)
    except (RequestException, HTTPError, OSError) as error:
        doubt = not isinstance(error, NotConnected)
        reading = failure(error, doubt=doubt)
    ms = (time.monotonic() - started) * 1000
    return Exchange(request, answer, _masked(integration, reading), ms, doubt)


def _masked(integration: Integration, reading: Reading) -> Reading:
    """A vendor may repeat our credential in its answer, and an exception the address with it."""
    if not (reading.reason or reading.note):
        return reading
    reason, note = (mask_text(text, integration.secrets) for text in (reading.reason, reading.note))
    return replace(reading, reason=reason, note=note)


def failure(error: Exception, *, doubt: bool) -> Reading:
    """What a failure on the way means: transient, and in doubt when the vendor may have taken the request."""
    why = "no answer, its fate is in doubt" if doubt else "could not connect"
    return Reading(Verdict.TRANSIENT, f"{why}: {innermost(error)}")


def innermost(error: BaseException) -> str:
    """What really went wrong, without the wrappings."""
    cause = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    return innermost(cause) if isinstance(cause, BaseException) else f"{type(error).__name__}: {error}"


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
