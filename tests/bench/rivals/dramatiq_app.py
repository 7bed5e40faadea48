"""A Dramatiq actor per event and destination."""

from __future__ import annotations

import os
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from tests.bench.rivals import job

broker = RedisBroker(url=os.environ[job.BROKER])
dramatiq.set_broker(broker)


@dramatiq.actor(max_retries=10)
def send(vendor: str, event: dict[str, Any]) -> None:
    """Send one event."""
    job.send(vendor, event)
