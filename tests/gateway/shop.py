"""A pipeline with a write key, behind the gateway's door."""

from __future__ import annotations

from typing import Any

import orjson
import requests

from tests.engine.fleet import Fleet
from tests.gateway.door import Door
from workers import keys, write_keys

ORIGIN = "https://shop.example.com"


class Shop:
    """A pipeline with a write key, behind the gateway's door."""

    def __init__(self, fleet: Fleet, door: Door) -> None:
        self.fleet, self.door = fleet, door
        self.describe()
        self.key = write_keys.create("store")[1]

    def describe(self, **parts: Any) -> None:
        """Install the pipeline."""
        statsig = self.fleet.spec("statsig")
        self.fleet.document["pipelines"]["store"] = {"integrations": [], "origins": [ORIGIN], **parts}
        self.fleet.add({"statsig": statsig}, pipeline="store")

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        """Hand something in."""
        auth = options.pop("auth", (self.key, ""))
        return self.door.post(path, data=body if isinstance(body, bytes) else orjson.dumps(body), auth=auth, **options)

    def kept(self) -> list[dict[str, Any]]:
        """What Redis has in the pipeline's inbox, in order of arrival; then it has it no longer."""
        streams = [keys.inbox("store", lane) for lane in range(16)]
        with self.fleet.redis.pipeline(transaction=True) as pipe:
            for stream in streams:
                pipe.xrange(stream)
            pipe.delete(*streams)
            found = pipe.execute()[:-1]
        entries = sorted((entry for stream in found for entry in stream), key=lambda entry: entry[0])
        return [orjson.loads(fields[b"event"]) for _, fields in entries]
