"""Dead letters of both sorts, and what is none."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from schemas.dead_letter import DeadLetterSchema

INBOX: dict[str, Any] = {
    "id": "inbox/store/1717171717171-0",
    "integration": None,
    "pipeline": "store",
    "kind": "invalid",
    "event": "{not json",
    "first_at": "2026-06-06T10:00:00Z",
    "last_at": "2026-06-06T10:00:00Z",
    "reason": "user_id: is missing",
}
REFUSED = INBOX | {
    "id": "klaviyo/1717171717171-0",
    "integration": "klaviyo",
    "pipeline": None,
    "kind": "refused",
    "event": {"type": "track"},
    "entry": "1717171717000-0",
    "revision": 3,
    "request": {"method": "POST"},
    "answer": {"status": 400},
    "attempts": 2,
    "replays": 1,
    "hint": "Correct it.",
}


def test_a_dead_letter_of_an_inbox_never_came_to_a_request() -> None:
    kept = DeadLetterSchema().load(INBOX)
    defaults = {"entry": "", "revision": None, "request": None, "answer": None, "attempts": 0, "replays": 0, "hint": ""}
    assert kept == INBOX | defaults


@pytest.mark.parametrize("letter", [INBOX, REFUSED], ids=["inbox", "integration"])
def test_a_dead_letter_written_and_read_again_is_the_same(letter: dict[str, Any]) -> None:
    kept = DeadLetterSchema().load(letter)
    assert DeadLetterSchema().load(DeadLetterSchema().dump(kept)) == kept
    assert letter.items() <= kept.items()


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "lost"},
        {"attempts": -1},
        {"replays": "often"},
        {"event": None},
        {"event": {"type": "track"}},
        {"first_at": "then"},
        {"x": 1},
        {"integration": "klaviyo", "pipeline": "store"},
        {"integration": None, "pipeline": None},
    ],
)
def test_what_is_no_dead_letter(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refusal:
        DeadLetterSchema().load(INBOX | change)
    assert next(iter(change)) in refusal.value.messages_dict
