"""What is mended in kombu: a channel that was closed under a publisher's hands."""

from __future__ import annotations

import pytest
from celery import Celery

from tests.engine.fleet import Fleet
from workers.local.server import LocalRedis

pytestmark = pytest.mark.engine


@pytest.fixture
def app(here: LocalRedis) -> Celery:
    from workers.app import app as ours  # noqa: PLC0415  # at the top it would read the environment of the collection

    return ours


def test_a_ticket_is_published_although_its_channel_was_closed_meanwhile(fleet: Fleet, app: Celery) -> None:
    [name] = fleet.install("statsig")
    before = fleet.redis.llen(name)
    with app.producer_or_acquire() as producer:
        producer.channel.close()
        producer.publish({}, exchange="", routing_key=name, retry=True)
    assert fleet.redis.llen(name) == before + 1


def test_a_closed_channel_fails_as_a_broken_connection_does(fleet: Fleet, app: Celery) -> None:
    [name] = fleet.install("statsig")
    with app.connection_for_write() as connection:
        channel = connection.channel()
        channel.close()
        with pytest.raises(connection.recoverable_connection_errors, match="the channel is closed"):
            channel._size(name)
