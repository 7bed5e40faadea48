"""The fleet's workers: started together, kept from routing while a backlog is laid, and let go."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from typing import Any, Self

from tests.bench.events import events
from tests.bench.samples import Sample
from tests.bench.stage import Stage
from workers import keys
from workers.local.parts import Worker
from workers.local.processes import Process


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
        """Let all workers stop taking tickets of the router: what is enqueued waits in its inbox."""
        self._control("cancel_consumer")

    def go(self) -> None:
        """Let them take them again."""
        self._control("add_consumer")

    def drain(self, name: str, number: int) -> Sample:
        """Route and deliver a backlog of so many events in the inbox of a pipeline; what it took."""
        self.pause()
        self.stage.enqueue(events(number), name)
        self.stage.sink.ask("clear")
        before, meter = self.stage.delivered([name]), self.stage.meter(*self.members)
        self.go()
        self.stage.until(lambda: self.stage.delivered([name]) - before >= number, 60 + number / 200, f"fleet: {name}")
        sample = meter.read(number)
        if (arrived := self.stage.sink.ask("records")[name]) != number:
            raise RuntimeError(f"the ledger of {name} says {number} were delivered; {arrived} arrived")
        return sample

    def _control(self, command: str) -> None:
        from workers.app import app  # noqa: PLC0415  # reads the environment, which the stage has set by now

        answers: list[Any] = getattr(app.control, command)(keys.ROUTE, reply=True, timeout=10, limit=len(self.members))
        if len(answers) != len(self.members):
            raise RuntimeError(f"{command}: {len(answers)} of {len(self.members)} workers answered: {answers}")
