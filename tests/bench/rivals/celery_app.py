"""A plain Celery task per event and destination."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from requests import RequestException

from tests.bench.rivals import job

app = Celery("plain", broker=os.environ[job.BROKER], set_as_current=False)
app.conf.update(task_ignore_result=True, task_acks_late=True, worker_hijack_root_logger=False)


@app.task(name="send", autoretry_for=(RequestException,), retry_backoff=True)
def send(vendor: str, event: dict[str, Any]) -> None:
    """Send one event."""
    job.send(vendor, event)
