"""Redis killed, cut off, full."""

from __future__ import annotations

import time

from redis.exceptions import RedisError

from tests.chaos.form import Setup, scenario
from tests.chaos.stage import Stage


def _kill_and_restart(stage: Stage) -> None:
    """Kill Redis again and again while events flow; note what was acknowledged in the second before each time."""
    last_second: set[str] = set()
    stage.notes["kills"] = 0
    for _ in stage.beats(max(1.5, 5 * stage.form.stretch), least=2):
        killed_at = time.monotonic()
        stage.redis.kill()
        last_second |= {name for name, at in dict(stage.traffic.kept).items() if at > killed_at - 1}
        stage.notes["kills"] += 1
        time.sleep(stage.dice.choice((0.2, 0.7, 3.0)))
        stage.redis.start()
    stage.notes["acknowledged in the last second"] = len(last_second)
    stage.notes["enqueue refused"] = len(stage.traffic.refusals)
    if "always" not in stage.setup.redis:
        stage.last_second = last_second


@scenario("3a", "Redis killed and restarted, AOF always", Setup(redis=("--appendfsync", "always")))
def killed_always(stage: Stage) -> None:
    _kill_and_restart(stage)


@scenario("3b", "Redis killed and restarted, AOF everysec", Setup(redis=("--appendfsync", "everysec")))
def killed_everysec(stage: Stage) -> None:
    _kill_and_restart(stage)


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
