"""Dead letters of both sorts, and what is none."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from schemas.dead_letter import DeadLetterSchema

INBOX: dict[str, Any] = {
    "id": "d1",
    "integration": None,
    "kind": "invalid",
    "event": "{not json",
    "first_at": "2026-06-06T10:00:00Z",
    "last_at": "2026-06-06T10:00:00Z",
    "reason": "user_id: is missing",
}


def test_a_dead_letter_of_the_inbox_never_came_to_a_request() -> None:
    kept = DeadLetterSchema().load(INBOX)
    assert kept == INBOX | {"revision": None, "request": None, "answer": None, "attempts": 0, "hint": ""}
    assert DeadLetterSchema().load(DeadLetterSchema().dump(kept)) == kept


@pytest.mark.parametrize(
    "change", [{"kind": "lost"}, {"attempts": -1}, {"event": None}, {"first_at": "then"}, {"x": 1}]
)
def test_what_is_no_dead_letter(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refusal:
        DeadLetterSchema().load(INBOX | change)
    assert list(refusal.value.messages) == list(change)
