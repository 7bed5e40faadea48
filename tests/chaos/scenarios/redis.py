"""Redis killed, cut off, full."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from pathlib import Path

from redis.exceptions import RedisError

from tests.chaos.form import Setup, scenario
from tests.chaos.stage import Stage
from tests.engine.fleet import VENDORS

ALWAYS = Setup(redis=("--appendfsync", "always"))
POSTPONED = 2.0
EVERYSEC = Setup(redis=("--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0"))


@scenario("3a", "Redis killed and restarted, AOF always", ALWAYS)
def killed_always(stage: Stage) -> None:
    _kill_and_restart(stage)


@scenario("3b", "Redis killed and restarted, AOF everysec", EVERYSEC)
def killed_everysec(stage: Stage) -> None:
    """While its disk is busy Redis puts writes off, for two seconds at the most: that much may go, and is counted."""
    with Watch(stage, POSTPONED) as watch:
        _kill_and_restart(stage, watch)
    stage.drain()


@scenario("3c", "Redis's host loses power, AOF everysec", EVERYSEC)
def power_lost(stage: Stage) -> None:
    """What was written in the last second before each kill is cut off its file: that much a disk may not have yet."""
    with Watch(stage, 1.0, cuts=True) as watch:
        _kill_and_restart(stage, watch)
    stage.drain()
    stage.notes["delivered in the last second"] = stage.undone


def _kill_and_restart(stage: Stage, watch: Watch | None = None) -> None:
    """Kill Redis again and again while events flow."""
    stage.notes["kills"] = 0
    for _ in stage.beats(max(1.5, 5 * stage.form.stretch), least=2):
        stage.redis.kill()
        stage.notes["kills"] += 1
        if watch:
            stage.last_second |= watch.at_risk()
        time.sleep(stage.dice.choice((0.2, 0.7, 3.0)))
        stage.redis.start()
    stage.notes["enqueue refused"] = len(stage.traffic.refusals)


class Watch:
    """Notes how long the AOF was and how much the vendors had, moment by moment, to know what some seconds ago was.

    ``cuts``: what was written since is cut off the file, as a host does that loses power.
    """

    def __init__(self, stage: Stage, seconds: float, *, cuts: bool = False) -> None:
        self._stage, self._seconds, self._cuts = stage, seconds, cuts
        self._seen: deque[tuple[float, int, int]] = deque(maxlen=400)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def at_risk(self) -> set[str]:
        """What a Redis that was just killed had acknowledged in its last seconds, and may not have kept."""
        killed, seen = time.monotonic(), list(self._seen)
        since, length, delivered = max((one for one in seen if one[0] <= killed - self._seconds), default=seen[0])
        if self._cuts:
            os.truncate(self._file(), length)
        self._stage.undone += self._delivered() - delivered
        self._stage.notes.setdefault("seconds at risk", []).append(round(killed - since, 2))
        return {name for name, at in dict(self._stage.traffic.kept).items() if at >= since}

    def _run(self) -> None:
        while not self._ended.wait(0.05):
            self._seen.append((time.monotonic(), self._file().stat().st_size, self._delivered()))

    def _file(self) -> Path:
        (found,) = (self._stage.folder / "redis" / "appendonlydir").glob("*.incr.aof")
        return found

    def _delivered(self) -> int:
        return sum(self._stage.vendors.summary(vendor)["accepted"] for vendor in VENDORS)


@scenario("4", "connections to Redis cut, stalled, half-closed", Setup(proxied=True))
def broken_connections(stage: Stage) -> None:
    stage.proxy.tell("storm", every=max(0.1, 0.3 * stage.form.stretch), longest=3)
    for _ in stage.beats(2.0, least=3):
        stage.proxy.tell("cut")
    stage.notes |= stage.proxy.tell("calm")


@scenario("10", "Redis at its memory limit")
def full(stage: Stage) -> None:
    """First a limit that traffic reaches by itself, then one below what is used already, then enough again."""
    used = int(stage.client.info("memory")["used_memory"])
    stage.client.config_set("maxmemory", used + 400_000)
    stage.until(lambda: stage.traffic.refusals or not stage.traffic.flows, 120, "enqueue refuses when Redis is full")
    stage.notes["refused near the limit"] = len(stage.traffic.refusals)
    stage.client.config_set("maxmemory", int(stage.client.info("memory")["used_memory"]) - 200_000)
    time.sleep(max(4.0, 20 * stage.form.stretch))
    stage.notes["refused at the limit"] = len(stage.traffic.refusals)
    before = _refused(stage)
    stage.client.config_set("maxmemory", used + 50_000_000 + 3_000 * stage.form.events)
    stage.traffic.wait()
    stage.notes["out-of-memory errors of Redis"] = before


def _refused(stage: Stage) -> int:
    try:
        return int(stage.client.info("errorstats").get("errorstat_OOM", {}).get("count", 0))
    except RedisError:
        return 0
