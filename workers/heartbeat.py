"""The heartbeat: every worker, every second. It repairs what a crash can break, so no beat process is needed."""

from __future__ import annotations

import threading

import sentry_sdk
import structlog

from workers import alarm, keys, scripts
from workers.audit import audit_in_turn
from workers.connection import AWAY, redis
from workers.registry import registry
from workers.retention import purge_old_in_turn
from workers.unable import complain
from workers.waker import remind

log = structlog.get_logger(__name__)

SECOND = 1.0
LOCK_MS = 900


class Heartbeat:
    """A thread that beats once a second while its worker runs."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._away = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Beat from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more; returns when the last beat has ended."""
        self._stopped.set()
        self._thread.join(timeout=6)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._beat()
                self._back()
            except AWAY as error:
                self._gone(error)
            except Exception as error:
                log.exception("a heartbeat failed; the next one comes in a second")
                sentry_sdk.capture_exception(error)
            self._stopped.wait(SECOND)

    def _beat(self) -> None:
        registry().refresh()
        complain(registry().faults)
        if scripts.call(redis(), "turn", (keys.BEAT,), (LOCK_MS,)):
            note_memory()
            watch_raw()
            remind([keys.ROUTE, keys.REPLAYS, *registry().names])
        audit_in_turn(registry())
        purge_old_in_turn(registry())
        alarm.ring_in_turn(registry())

    def _gone(self, error: Exception) -> None:
        if not self._away:
            log.error("Redis is away; trying again every second", error=str(error))
        self._away = True

    def _back(self) -> None:
        if self._away:
            log.info("Redis is back")
        self._away = False


def note_memory() -> None:
    """Write down how full Redis is (percent of maxmemory), for enqueue and the router to heed."""
    memory = redis().info("memory")
    limit = int(memory["maxmemory"])
    percent = int(memory["used_memory"]) * 100 // limit if limit else 0
    scripts.call(redis(), "note_memory", (keys.FLEET,), (percent,))


def watch_raw() -> None:
    """Put raw streams that hold something on the router's agenda: their producers issue no tickets."""
    pipelines = registry().pipelines
    names = [keys.agenda(keys.ROUTE), *(keys.raw(name) for name in pipelines)]
    scripts.call(redis(), "watch_raw", names, [f"{name}/{keys.RAW}" for name in pipelines])
