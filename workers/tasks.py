"""The kinds of ticket, as Celery tasks. What they return is for people (Flower); nothing reads it."""

from __future__ import annotations

from typing import Any

from workers.app import app
from workers.deliver import deliver
from workers.replay_turn import replay_turn
from workers.route import route


@app.task(name="route")
def route_ticket() -> dict[str, Any]:
    """Route one inbox lane for about a second."""
    return route()


@app.task(name="replays")
def replays_ticket() -> dict[str, Any]:
    """Carry out one replay that was asked for, as far as possible."""
    return replay_turn()


@app.task(name="deliver")
def deliver_ticket(integration: str) -> dict[str, Any]:
    """Deliver one lane of an integration for about a second."""
    return deliver(integration)
