"""``/metrics``, for Prometheus: open unless ``FLEET_METRICS_TOKEN`` asks for a token."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator

from flask import Response, request
from flask_smorest import Blueprint
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from gateway.metrics.families import families
from gateway.metrics.reading import read
from gateway.problems import Problem
from workers.registry import registry

blueprint = Blueprint("metrics", __name__, description="What Prometheus is told.")


class Fleet(Collector):
    """Reads the ledgers when it is asked, and keeps nothing."""

    def collect(self) -> Iterator[Metric]:
        """One scrape."""
        return families(read(registry()))


@blueprint.get("/metrics")
@blueprint.response(200, {"type": "string"}, content_type="text/plain", description="Prometheus's exposition format.")
@blueprint.alt_response(503, description="Redis does not answer.")
@blueprint.alt_response(401, description="FLEET_METRICS_TOKEN is set, and the token does not match.")
def metrics() -> Response:
    """Counters and gauges of the whole fleet, read from Redis as they are now; the same from every gateway."""
    check_token()
    collectors = CollectorRegistry(auto_describe=False)
    collectors.register(Fleet())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(collectors), content_type=content_type)


def check_token() -> None:
    """``Problem`` 401 unless the request has the token, where one is asked for."""
    wanted = os.environ.get("FLEET_METRICS_TOKEN", "")
    given = request.authorization.token or "" if request.authorization else ""
    if wanted and not hmac.compare_digest(given.encode(), wanted.encode()):
        headers = {"WWW-Authenticate": 'Bearer realm="metrics"'}
        raise Problem(401, "unauthorized", "send Authorization: Bearer with FLEET_METRICS_TOKEN", headers=headers)
