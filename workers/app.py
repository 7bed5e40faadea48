"""The Celery app. ``celery -A workers.app worker``, ``… inspect active`` and ``… flower`` work as with any other.

A Celery message here is a *ticket*: "this integration has work". It carries no event, so a lost or repeated one costs
nothing, and every setting below follows from that: early ack, no results, nothing restored.
"""

from __future__ import annotations

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_process_init, worker_shutdown, worker_shutting_down
from kombu import Queue

from workers import arenas, garbage, shims, stopping
from workers.bootsteps import Consuming, Heart, Telling
from workers.ears import Ears
from workers.keys import ROUTE
from workers.logs import configure_all
from workers.settings import settings

shims.install()

app = Celery("fleet", broker=settings().broker_url, include=["workers.tasks"])
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    event_serializer="json",
    result_backend=None,
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_acks_late=False,
    task_queues=[Queue(ROUTE)],
    task_default_queue=ROUTE,
    task_create_missing_queues=True,
    task_publish_retry=True,
    task_publish_retry_policy={"max_retries": 3, "interval_start": 0.05, "interval_step": 0.2, "interval_max": 1},
    task_send_sent_event=False,
    worker_pool=settings().pool,
    worker_concurrency=settings().slots,
    worker_prefetch_multiplier=1,
    worker_disable_rate_limits=True,
    worker_send_task_events=True,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "priority_steps": [0],
        "visibility_timeout": 60,
        "unacked_restore_interval": 5,
        "socket_timeout": 5,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 5,
        "queue_order_strategy": "round_robin",
        "client_name": "fleet",
    },
)
setup_logging.connect(configure_all)
worker_init.connect(arenas.few_arenas)
worker_init.connect(garbage.collect_seldom)
worker_shutting_down.connect(stopping.stop)
worker_process_init.connect(stopping.be_child)
worker_shutdown.connect(stopping.hand_over)

app.steps["worker"].add(Heart)
app.steps["consumer"].add(Consuming)
app.steps["consumer"].add(Telling)
app.steps["consumer"].add(Ears)
