from __future__ import annotations

import itertools
from pathlib import Path

import pytest

import workers

SCRIPTS = sorted((Path(workers.__file__).parent / "lua").glob("*.lua"))
FILLING = {"enqueue", "route", "drain", "install"}
"""They take in what a full Redis has no room for."""
DRAINING = {
    "clear",
    "cut",
    "follow",
    "free",
    "halt",
    "hold",
    "lease",
    "peek",
    "regroup",
    "release",
    "renew",
    "settle",
    "settle_aside",
} | {
    "step_aside",
    "summon",
    "take",
    "undoubt",
    "warn",
}
"""They must go on, or nothing would ever make room."""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_names_keys_arguments_and_answer_and_makes_room_or_takes_it(script: Path) -> None:
    first, *lines = script.read_text(encoding="utf-8").splitlines()
    assert first == "#!lua flags=allow-oom" or script.stem not in DRAINING
    assert first == "#!lua" or script.stem not in FILLING
    head = "\n".join(itertools.takewhile(lambda line: line.startswith("--"), lines))
    used = [word for word in ("KEYS", "ARGV") if f"{word}[" in "\n".join(lines)]
    assert all(word in head for word in (*used, "→"))


def test_every_script_that_moves_a_lane_asks_for_its_owner_before_any_write() -> None:
    owned = {
        "clear",
        "cut",
        "drain",
        "peek",
        "regroup",
        "release",
        "renew",
        "route",
        "settle",
        "settle_aside",
        "step_aside",
        "take",
    }
    for script in SCRIPTS:
        if script.stem in owned:
            code = [line for line in script.read_text().splitlines() if line and not line.startswith(("--", "#!"))]
            assert "redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return" in code[0], script
