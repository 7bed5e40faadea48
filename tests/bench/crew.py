"""The fleet's workers: started together, kept from routing while a backlog is laid, and let go."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Self

from tests.bench import gauge
from tests.bench.events import events
from tests.bench.samples import Sample
from tests.bench.stage import Stage
from workers import keys
from workers.holds import free, halt
from workers.local.parts import Worker
from workers.local.processes import Process

LEDGER_EVERY = 0.01


class Crew:
    """So many worker processes of the fleet, as ``fleet worker`` starts them; one a core unless ``count`` is given."""

    def __init__(self, stage: Stage, count: int = 0, **env: str) -> None:
        count = count or os.cpu_count() or 1
        self.stage = stage
        self.members = [
            Worker(stage.folder, stage.redis.url, name=f"fleet{number}", env={"FLEET_POOL": "threads", **env})
            for number in range(1, count + 1)
        ]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for member in self.members:
                stack.callback(member.stop)
                Process.start(member)
            stack.callback(self._tell_to_end)
            for member in self.members:
                member.wait_until(member.takes_tickets, 60)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _tell_to_end(self) -> None:
        for member in self.members:
            if member.running:
                os.kill(member.pid, signal.SIGTERM)

    def pause(self) -> None:
        """Let the router rest, as a hold does: what is enqueued waits in its inbox."""
        halt(keys.ROUTE, "operator", "a backlog is being laid", "It is let go by itself.")

    def go(self) -> None:
        """Let it work again, at once."""
        free(keys.ROUTE, "operator")

    @property
    def peak_mb(self) -> float:
        """Memory that the largest worker has had resident at the most (MB)."""
        return max(gauge.peak(member.pid) for member in self.members) / 1e6

    def follow(self, names: Sequence[str], pipeline: str, events_each: int) -> None:
        """Wait until the workers know integrations that were just installed, and are warm: some events go to each."""
        self.stage.enqueue(events(events_each), pipeline)
        self.stage.until(
            lambda: self.stage.delivered(names) >= events_each * len(names), 120, f"{pipeline}: warm workers"
        )

    def drain(self, pipeline: str, number: int, names: Sequence[str] = ()) -> Sample:
        """Route and deliver a backlog of so many events in a pipeline's inbox to its integrations; what it took.

        The integrations are ``names``, or one that is called as the pipeline is.
        """
        names = names or (pipeline,)
        wanted = number * len(names)
        self.pause()
        self.stage.enqueue(events(number), pipeline)
        self.stage.sink.ask("clear")
        return self.measure(names, wanted)

    def measure(self, names: Sequence[str], wanted: int) -> Sample:
        """Let go what waits, until so many deliveries are made; what they took."""
        stage, before = self.stage, self.stage.delivered(names)
        meter = stage.meter(*self.members)
        self.go()
        every = LEDGER_EVERY * len(names)  # reading the ledgers of many must not be what Redis is busy with
        patience = 60 + wanted / 200
        stage.until(lambda: stage.delivered(names) - before >= wanted, patience, f"{wanted} deliveries", every)
        sample = meter.read(wanted)
        arrived = stage.sink.ask("records")
        if (counted := sum(arrived[name] for name in names)) != wanted:
            raise RuntimeError(f"the ledgers say {wanted} were delivered; {counted} arrived")
        return {**sample, "rss_mb": self.peak_mb}
