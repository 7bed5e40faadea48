"""One vendor with everything around it: gate, faults, books."""

from __future__ import annotations

import sys
from typing import Any

from destinations.sandbox.accepted import Accepted
from destinations.sandbox.exchange import Answer, Call, Refused
from destinations.sandbox.faults import Fault, Faults
from destinations.sandbox.vendor import Gate, Vendor


class Stand:
    """Where a call to one vendor is decided and booked. No waiting and no sockets here."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.gate = Gate(self.vendor)
        self.faults = Faults()
        self.accepted = Accepted()

    def decide(self, call: Call) -> tuple[Answer, Fault | None, float]:
        """The answer, the fault to act out instead (if any), and the seconds to wait before either."""
        self.accepted.requests += 1
        call.path = sys.intern(call.path)
        self.gate.meter.pulse(call.at)
        if not self.faults.all:
            return self._receive(call), None, 0.0
        fault, late = self.faults.draw(call)
        if fault is None:
            return self._receive(call), None, late
        self.accepted.faulted += 1
        answer = self._receive(call) if fault.keeps else fault.answer(self.vendor, call.at)
        self.accepted.unanswered += fault.keeps
        return answer, fault, late

    def clear(self) -> None:
        """A new account: nothing kept, nothing known."""
        self.accepted.clear()
        self.vendor = self.gate.vendor = type(self.vendor)(self.vendor.strict_names)
        self.gate.meter.clear()

    def summary(self) -> dict[str, Any]:
        """The counts, and the worst windows seen since the last clear."""
        meter = self.gate.meter
        limits = [
            {"requests": limit.requests, "seconds": limit.seconds, "path": limit.path, "worst": worst}
            for limit, worst in zip(meter.limits, meter.worst, strict=True)
        ]
        return {**self.accepted.summary(), "worst_second": meter.worst_second, "limits": limits}

    def _receive(self, call: Call) -> Answer:
        try:
            receipt = self.vendor.receive(call, self.gate)
        except Refused as refusal:
            self.accepted.book_refusal(call, refusal)
            return refusal.answer
        self.accepted.book(call, receipt)
        return receipt.answer
