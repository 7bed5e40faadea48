"""The form of a stand-in vendor, and the gate every call to it passes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass, field
from math import ceil
from typing import Any, ClassVar

from destinations.sandbox.bodies import BodyTooLarge, UnreadableBody, parse_json, plain_body, within
from destinations.sandbox.exchange import Answer, Call, Receipt, Refused
from destinations.sandbox.limits import Limit, Meter, Window
from destinations.sandbox.shapes import PRINTABLE


class Vendor(ABC):
    """One vendor: reads a call as the real one would, and remembers what it needs to know a repeat by.

    ``published`` are the limits the vendor states; they apply only once switched on.
    """

    name: ClassVar[str]
    published: ClassVar[tuple[Limit, ...]] = ()

    def __init__(self, strict_names: bool = False) -> None:
        self.strict_names = strict_names

    @abstractmethod
    def receive(self, call: Call, gate: Gate) -> Receipt:
        """Take a call, or raise ``Refused`` with the vendor's own error."""

    @abstractmethod
    def error(self, status: int, detail: str) -> Answer:
        """An error in the vendor's own format."""

    def throttled(self, window: Window) -> Answer:
        """The vendor's 429; one that tells its limits in headers overrides this."""
        return self.error(429, f"Too many requests. Try again in {ceil(window.wait)} s.")

    def refuse(self, status: int, detail: str, reason: str | None = None) -> Refused:
        """An exception to raise: ``detail`` goes to the client, ``reason`` (or it) into the counts."""
        return Refused(self.error(status, detail), reason or detail)

    def json_body(self, call: Call, most: int, *, gzip: bool = False) -> Any:
        """The JSON of a call; raises the vendor's 413 above ``most`` bytes, and its 400 for what is no JSON."""
        try:
            return parse_json(plain_body(call, most) if gzip else within(call.body, most))
        except BodyTooLarge as error:
            raise self.refuse(413, str(error)) from error
        except UnreadableBody as error:
            raise self.refuse(400, str(error), "not JSON") from error


@dataclass(slots=True)
class Credentials:
    """Which credentials count as right: all well-formed ones, until told otherwise.

    ``accepted``  only these, unless None     ``refused``  never these     ``status``  how a wrong one is answered
    """

    accepted: Collection[str] | None = None
    refused: Collection[str] = ()
    status: int = 401

    def include(self, credential: str) -> bool:
        """Whether the vendor knows this credential."""
        if not PRINTABLE.fullmatch(credential) or credential in self.refused:
            return False
        return self.accepted is None or credential in self.accepted


@dataclass(slots=True)
class Gate:
    """Credentials and limits of one vendor, asked by it once it knows whose call it is."""

    vendor: Vendor
    credentials: Credentials = field(default_factory=Credentials)
    meter: Meter = field(default_factory=Meter)

    def admit(self, credential: str, call: Call) -> None:
        """Let a call in, or raise the vendor's refusal of its credential or of its pace."""
        if not self.credentials.include(credential):
            raise self.vendor.refuse(self.credentials.status, "The credential is not valid.", "credential")
        self.pace(credential, call)

    def pace(self, account: str, call: Call) -> None:
        """Let a call in as far as the limits go, or raise the vendor's 429."""
        full = self.meter.admit(call.path, account, call.at)
        if full is not None:
            raise Refused(self.vendor.throttled(full), "over the limit")

    def window(self, account: str, call: Call) -> Window | None:
        """What the vendor's rate headers tell this account now."""
        return self.meter.window(call.path, account, call.at)
