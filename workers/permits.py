"""A purse of permits: what the limiter granted one shift at a lane, spent request by request."""

from __future__ import annotations

import threading
import time

from destinations.form.integration import Integration
from workers import limits
from workers.settings import settings


class Purse:
    """Permits of one shift, shared by the threads that send for it. ``park_ms``: waiting for more takes too long."""

    def __init__(self, integration: Integration) -> None:
        self._integration = integration
        self._lock = threading.Lock()
        self._left = 0
        self._asked_ms = 0
        self._slept_ms = 0
        self.wanted = 0
        self.park_ms = 0

    def spend(self) -> int | None:
        """Spend a permit: when it was granted, by Redis's clock (ms). None: park the lane for ``park_ms``."""
        with self._lock:
            while not self._left and not self.park_ms:
                self._ask()
            if not self._left:
                return None
            self._left -= 1
            self.wanted -= 1
            return self._asked_ms

    def _ask(self) -> None:
        permits = limits.ask(self._integration, max(1, self.wanted))
        self._left, self._asked_ms = permits.granted, permits.now_ms
        if permits.granted:
            self._slept_ms = 0
            return
        self._slept_ms += permits.wait_ms  # others may be served first, time and again
        if self._slept_ms > settings().sleep_ms:
            self.park_ms = permits.wait_ms
        else:
            time.sleep(permits.wait_ms / 1000)
