"""Settings: how a Redis address becomes Celery's."""

from __future__ import annotations

import ssl

import pytest
from kombu import Connection

from workers.settings import celery_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://:pw@cache:6380/2", "redis://:pw@cache:6380/2"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock"),
        ("unix:///run/redis.sock?db=1", "redis+socket:///run/redis.sock?virtual_host=1"),
        ("rediss://cache:6380/0?ssl_cert_reqs=none", "rediss://cache:6380/0?ssl_cert_reqs=none"),
    ],
)
def test_a_redis_address_as_celery_spells_it(url: str, expected: str) -> None:
    assert celery_url(url) == expected


@pytest.mark.parametrize("query", ["", "?ssl_ca_certs=/etc/ca.pem"])
def test_a_certificate_is_checked_unless_told_otherwise(query: str) -> None:
    connection = Connection(celery_url(f"rediss://cache:6380/1{query}"))
    assert connection.ssl["ssl_cert_reqs"] == ssl.CERT_REQUIRED
    assert connection.virtual_host == "1"
