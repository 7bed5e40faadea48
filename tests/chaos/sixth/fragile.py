"""A destination that ends its worker's process when it sees the event named ``deadly`` in its settings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from marshmallow import Schema, fields

from destinations.form.destination import Destination
from destinations.form.parts import Draft, Record
from destinations.form.request import Request

if TYPE_CHECKING:
    from destinations.form.integration import Integration


class Config(Schema):
    """Which event it is."""

    deadly = fields.Str(required=True, metadata={"label": "Deadly", "help": "The ref of the event that kills."})


def _request(records: Sequence[Record], integration: Integration, _key: str) -> Request:
    return Request("GET", f"{integration.origin}/_accepted?summary=1", {})


def _finish(draft: Draft) -> Iterable[Record]:
    if draft.event["properties"].get("ref") == draft.config["deadly"]:
        os._exit(9)
    return (draft.record,)


destination = Destination(
    name="fragile",
    title="Fragile",
    docs="tests/chaos",
    config=Config(),
    host=lambda _: "http://127.0.0.1",
    account=lambda _: "fragile",
    limits=lambda _: (),
    variants={
        "default": {
            "unmapped": "forward",
            "events": {},
            "fields": {"name": "event || type"},
        },
    },
    request=_request,
    finish=_finish,
    name_path="name",
)
