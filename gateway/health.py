"""``/healthz``: this process answers. ``/readyz``: and its Redis does, in a format that we know."""

from __future__ import annotations

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from gateway.problems import unavailable
from workers import formats
from workers.connection import AWAY, redis
from workers.errors import UnknownFormat

blueprint = Blueprint("health", __name__, description="Whether the gateway works.")


class HealthSchema(Schema):
    """It does."""

    status = fields.Constant("ok")


@blueprint.get("/healthz")
@blueprint.response(200, HealthSchema)
def healthz() -> dict[str, str]:
    """Whether this process answers."""
    return {}


@blueprint.get("/readyz")
@blueprint.response(200, HealthSchema)
@blueprint.alt_response(503, description="Redis does not answer, or holds a format this version does not know.")
def readyz() -> dict[str, str]:
    """Whether requests can be served now: Redis answers, in a format that this version knows."""
    try:
        formats.check(redis())
    except (*AWAY, UnknownFormat) as error:
        raise unavailable(f"not ready: {error}") from error
    return {}
