"""Pipelines: which integrations a source's events go to."""

from __future__ import annotations

from collections import Counter
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from schemas.limits import Positive
from schemas.names import check_integration_name
from schemas.origin import Origin


def _each_a_name(names: list[str]) -> None:
    faults = {}
    for position, name in enumerate(names):
        try:
            check_integration_name(name)
        except ValidationError as error:
            faults[position] = error.messages
    if faults:
        raise ValidationError(faults)


def _each_once(names: list[Any]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValidationError(f"Names {', '.join(twice)} more than once; name each integration once.")


class PipelineSchema(Schema):
    """The integrations of a pipeline, at least one: without any its events would be lost.

    ``origins``  pages whose scripts may hand in events over HTTP; none: no browser may
    ``rate``     events a second that each write key may hand in over HTTP; None is no limit
    """

    integrations = fields.List(
        fields.Str(),
        required=True,
        error_messages={"invalid": "Must be a list of integration names."},
        validate=[validate.Length(min=1, error="Name at least one integration."), _each_a_name, _each_once],
    )
    origins = fields.List(
        Origin(), load_default=list, error_messages={"invalid": "Must be a list, like [https://shop.example.com]."}
    )
    rate = Positive(load_default=None, allow_none=True)
