"""What ``fleet enqueue`` finds wrong before it asks any Redis."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run

GOOD = '{"type": "page", "user_id": "u1"}'
REFUSED = '{"type": "page"}'


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (f"{GOOD}\n{REFUSED}\n\n{REFUSED}\n", 1, ["line 2: user_id", "line 4: user_id"]),
        (f"{REFUSED}\n{{bad\n{GOOD}\n", 2, ["line 1: user_id", "line 2: not JSON"]),
        (f"[{GOOD}]", 2, ["is a JSON array; make a line of each event: jq"]),
        (f"{REFUSED}\n" * 150, 1, ["line 1: ", "line 100: ", "and 50 more"]),
        (f"{REFUSED}\n{GOOD}\n", 1, ["line 1: "]),
    ],
)
@pytest.mark.parametrize("piped", [True, False])
def test_every_bad_line_is_named_and_nothing_is_kept(
    run: Run, tmp_path: Path, text: str, code: int, said: list[str], piped: bool
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(text)
    result = run("enqueue", "-", input=text) if piped else run("enqueue", str(path))
    assert (result.exit_code, result.stdout) == (code, "")
    assert all(part in result.stderr for part in said), result.stderr
    assert "Redis" not in result.stderr


def test_lines_before_the_one_to_begin_at_do_not_matter(run: Run) -> None:
    result = run("enqueue", "--from-line", "2", "-", input=f"{{bad\n{REFUSED}\n")
    assert result.exit_code == 1
    assert "line 1:" not in result.stderr
    assert "line 2: user_id" in result.stderr


def test_an_unreadable_file_is_named(run: Run, tmp_path: Path) -> None:
    result = run("enqueue", str(tmp_path / "none.jsonl"))
    assert result.exit_code == 1
    assert "none.jsonl: cannot be read: No such file" in result.stderr
