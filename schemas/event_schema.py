"""The marshmallow schema of an event: slower than ``schemas.quick`` and able to say what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import EXCLUDE, Schema, ValidationError, post_load

from schemas import shown
from schemas.context import Context
from schemas.faults import flatten
from schemas.moment import Moment
from schemas.plain import PlainObject
from schemas.renames import Faults, renamed
from schemas.text import Id, MessageId, Text
from schemas.value_field import ValueField
from schemas.vocabulary import EVENT_NAMES, KEYS, NEEDS, TYPES, EventLimits

_TYPE = f"must be one of {', '.join(TYPES)}"


class _Type(ValueField[str]):
    def _read(self, value: Any) -> str:
        if isinstance(value, str) and value in TYPES:
            return str.__str__(value)
        raise ValidationError(f"{_TYPE}, not {shown.value(value)}")


class EventSchema(Schema):
    """What producers hand in, and what it becomes. Loads a dict to the normal form, without the stamps.

    Null means absent, at the top; unknown top-level keys are ignored.
    """

    type = _Type(required=True, error_messages={"required": f"is missing; {_TYPE}"})
    event = Text()
    name = Text()
    message_id = MessageId()
    user_id = Id()
    anonymous_id = Id()
    group_id = Id()
    previous_id = Id()
    timestamp = Moment()
    sent_at = Moment()
    received_at = Moment()
    properties = PlainObject(load_default=dict)
    traits = PlainObject(load_default=dict)
    context = Context(load_default=dict)
    integrations = PlainObject()

    def __init__(self, limits: EventLimits) -> None:
        super().__init__(unknown=EXCLUDE)
        self.limits = limits

    @post_load
    def _move_traits(self, event: dict[str, Any], **_: Any) -> dict[str, Any]:
        context = event["context"]
        event["traits"] = {**context.pop("traits", {}), **event["traits"]}
        return event


def examine(raw: Mapping[Any, Any], limits: EventLimits) -> tuple[dict[str, Any], list[str]]:
    """Load an event as far as it goes, with all that is wrong: of its spelling, its values and what it lacks."""
    faults: Faults = {}
    known = renamed(raw, EVENT_NAMES, faults)
    given = {key: value for key, value in known.items() if key in KEYS and value is not None}
    _find_missing(given, faults)
    try:
        return EventSchema(limits).load(given), flatten(faults)
    except ValidationError as error:
        return cast(dict[str, Any], error.valid_data), flatten(faults) + flatten(error.messages)


def _find_missing(given: Mapping[str, Any], faults: Faults) -> None:
    kind = given.get("type")
    for key in NEEDS.get(kind, ()) if isinstance(kind, str) else ():
        if key not in given:
            faults[key] = [f"is missing; an event of type {kind} needs it"]
    if "anonymous_id" not in given and "user_id" not in given and "user_id" not in faults:
        faults["user_id"] = ["is missing, and so is anonymous_id; give at least one of them"]
