from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.unit.cli.conftest import KLAVIYO, STATSIG, Configure, Run
from workers.cli.explained import show_row

SHAPE = ["message_id", "integration", "destination", "outcome", "reason", "repairs", "warnings", "request"]
ORDER: dict[str, Any] = {
    "type": "track",
    "event": "Order Completed",
    "message_id": "m1",
    "user_id": "u1",
    "traits": {"email": "ada@example.com"},
    "properties": {"revenue": "9.50"},
}
OTHER = {**ORDER, "message_id": "m2", "event": "order_completed"}
LINE = json.dumps(ORDER)


def rows(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_each_event_and_integration_gives_one_line_of_the_fixed_shape(run: Run, configured: Configure) -> None:
    config = configured(**{"klaviyo-uk": KLAVIYO, "statsig": STATSIG})
    result = run("explain", "--config", config, "-", input=f"{LINE}\n{json.dumps(OTHER)}\n")
    assert (result.exit_code, result.stderr) == (0, "")
    found = rows(result.stdout)
    assert [list(row) for row in found] == [SHAPE] * 4
    assert [(row["message_id"], row["integration"], row["destination"], row["outcome"]) for row in found] == [
        ("m1", "klaviyo-uk", "klaviyo", "send"),
        ("m1", "statsig", "statsig", "send"),
        ("m2", "klaviyo-uk", "klaviyo", "drop"),
        ("m2", "statsig", "statsig", "drop"),
    ]
    request = found[0]["request"]
    assert list(request) == ["method", "url", "headers", "body"]
    assert (request["method"], request["url"]) == ("POST", "https://a.klaviyo.com/api/events/")
    assert request["body"]["data"]["attributes"]["value"] == 9.5
    assert found[0]["reason"] is None
    assert found[2]["reason"] == "unmapped: 'order_completed' is not mapped; nearest: 'Order Completed'"
    assert found[2]["request"] is None


@pytest.mark.parametrize(
    ("text", "events"),
    [
        (LINE, 1),
        (json.dumps(ORDER, indent=2), 1),
        (json.dumps([ORDER, OTHER], indent=2), 2),
        (f"\n{LINE}\n\n{LINE}\n", 2),
        (f"\ufeff{LINE}\r\n{LINE}\r\n", 2),
        ("[]", 0),
    ],
    ids=["one", "one, indented", "array", "lines", "lines from Windows", "empty array"],
)
def test_events_may_come_as_one_an_array_or_lines(
    run: Run, configured: Configure, tmp_path: Path, text: str, events: int
) -> None:
    config = configured(statsig=STATSIG)
    path = tmp_path / "events.json"
    path.write_text(text, encoding="utf-8")
    piped = run("explain", "--config", config, "-", input=text)
    from_file = run("explain", "--config", config, str(path))
    assert piped.exit_code == from_file.exit_code == 0
    assert len(rows(piped.stdout)) == len(rows(from_file.stdout)) == events


def test_an_event_may_stand_in_the_command_itself(run: Run, configured: Configure) -> None:
    result = run("explain", "--config", configured(statsig=STATSIG), LINE)
    assert [row["outcome"] for row in rows(result.stdout)] == ["send"]


@pytest.mark.parametrize("event", [{"type": "track", "message_id": "m3", "sent_at": "soon"}, 42, None])
def test_an_event_the_schema_refuses_is_one_row_with_all_faults(run: Run, configured: Configure, event: object) -> None:
    config = configured(**{"klaviyo-uk": KLAVIYO, "statsig": STATSIG})
    result = run("explain", "--config", config, "-", input=json.dumps([event]))
    [row] = rows(result.stdout)
    assert result.exit_code == 0
    assert list(row) == SHAPE
    assert (row["integration"], row["destination"], row["outcome"], row["request"]) == (None, None, "reject", None)
    if isinstance(event, dict):
        assert row["message_id"] == "m3"
        assert all(place in row["reason"] for place in ("event:", "user_id:", "sent_at:"))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("nonsense", ["line 1"]),
        ("", ["line 1"]),
        (f"{LINE}\n{{bad\n\n{LINE}\n{{'a': 1}}\n", ["line 2", "line 5"]),
        (f"{{bad\n{LINE}\n", ["line 1"]),
        ('{\n "type": "track",\n "event": }\n', ["line 3"]),
        (f"[{LINE},\n{LINE}\n{LINE}]", ["line 3"]),
        ('{"revenue": NaN}', ["line 1"]),
    ],
)
def test_input_that_does_not_parse_ends_with_2_and_the_lines(
    run: Run, configured: Configure, text: str, lines: list[str]
) -> None:
    result = run("explain", "--config", configured(statsig=STATSIG), "-", input=text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert [line.split(", ", 1)[1].split(":", 1)[0] for line in result.stderr.splitlines()] == lines


def test_secrets_are_masked_unless_revealed(run: Run, configured: Configure) -> None:
    config, secret = configured(klaviyo=KLAVIYO), KLAVIYO["config"]["private_api_key"]  # type: ignore[index]
    assert secret not in run("explain", "--config", config, LINE).output
    assert secret in run("explain", "--config", config, "--reveal", LINE).stdout


def test_one_integration_alone_whatever_is_wrong_with_the_others(run: Run, configured: Configure) -> None:
    config = configured(**{"klaviyo-uk": {"destination": "klavio"}, "statsig": STATSIG})
    result = run("explain", "--config", config, "-i", "statsig", LINE)
    assert [row["integration"] for row in rows(result.stdout)] == ["statsig"]
    result = run("explain", "--config", config, LINE)
    assert result.exit_code == 1
    assert "integrations.klaviyo-uk.destination: " in result.stderr
    result = run("explain", "--config", config, "-i", "statsg", LINE)
    assert result.exit_code == 1
    assert "nearest: 'statsig'" in result.stderr


def test_a_person_sees_what_a_program_reads_and_no_control_characters() -> None:
    row = {
        "message_id": "m1\x1b[2J",
        "integration": "klaviyo-uk",
        "destination": "klaviyo",
        "outcome": "reject",
        "reason": "too [bold]large[/bold]\x1b]0;x\x07",
        "repairs": ["cut"],
        "warnings": ["mind"],
        "request": {"method": "POST", "url": "https://x.example", "headers": {"A": "b"}, "body": {"name": "\x1b[31m"}},
    }
    page = StringIO()
    show_row(row, Console(file=page, width=100))
    shown = page.getvalue()
    parts = ("REJECT", "klaviyo-uk (klaviyo)", "[bold]large[/bold]", "cut", "mind", "POST https://x.example", "A: b")
    assert all(part in shown for part in parts), shown
    assert "\x1b" not in shown
