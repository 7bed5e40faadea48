"""What a replay would come to, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.ledger import status
from workers.replay_plan import Part, Plan


def forecast(plan: Plan) -> dict[str, Any]:
    """What replaying would come to."""
    rows = status()["integrations"]
    places = {place: _foreseen(part, rows.get(place, {})) for place, part in plan.parts.items()}
    return {"dry_run": True, "letters": plan.total, "places": places}


def _foreseen(part: Part, row: Mapping[str, Any]) -> dict[str, Any]:
    tally, judged = part.tally, part.forecast
    return {
        "letters": tally.letters,
        "kinds": dict(tally.kinds.most_common()),
        "events": dict(tally.events.most_common()),
        "reasons": dict(tally.reasons.most_common()),
        "requests": judged.requests if judged else tally.letters,
        "seconds": round(judged.seconds, 1) if judged else 0.0,
        "refused": {reason: number for reason, number in judged.refused.most_common() if number} if judged else {},
        "left": dict(part.left),
        "held": (row.get("held") or {}).get("reason"),
    }
