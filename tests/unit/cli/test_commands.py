from __future__ import annotations

import fcntl
import json
import signal
import struct
import subprocess
import sys
import termios
from typing import Any

import click
import pytest
from click.testing import CliRunner

from tests.engine.waiting import wait_until
from tests.unit.cli.conftest import KLAVIYO, Configure, Run
from workers.cli import COMMANDS, main
from workers.cli.durations import Duration, spoken
from workers.cli.group import Entry, Fleet
from workers.settings import settings


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_the_list_is_there_and_explains_itself(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert (command.help or "").strip()
    undescribed = [
        parameter.name for parameter in command.params if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert not undescribed


def test_help_is_what_no_argument_gives(run: Run) -> None:
    bare, asked = run(), run("--help")
    assert (bare.exit_code, bare.stdout) == (0, asked.stdout)
    assert all(f"\n  {name} " in bare.stdout for name in COMMANDS)


def test_help_imports_no_command() -> None:
    look = "import sys; from workers.cli import main; main(['--help'], standalone_mode=False); "
    look += "print([m for m in sys.modules if m.startswith(('workers.cli.', 'celery', 'destinations'))])"
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "['workers.cli.group']"


def test_version(run: Run) -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("fleet")


def test_usage_faults_end_with_2(run: Run) -> None:
    assert run("nonsense").exit_code == 2
    assert run("status", "--nonsense").exit_code == 2
    assert run("hold", "klaviyo", "--for", "10x").exit_code == 2


@pytest.mark.parametrize("command", [["status"], ["dead", "list"], ["show", "m1"], ["hold", "klaviyo"], ["tail"]])
def test_redis_away_is_told_without_its_password(run: Run, command: list[str]) -> None:
    result = run(*command)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Redis at redis://127.0.0.1:1/0 does not answer" in result.stderr
    assert "FLEET_REDIS_URL" in result.stderr
    assert "hunter2" not in result.stderr


def test_a_missing_key_is_told_with_how_to_make_one(run: Run) -> None:
    result = run("keys", "rotate")
    assert result.exit_code == 1
    assert "FLEET_SECRET_KEY is not set; give the fleet's; a new fleet's is made with: python -c" in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FLEET_REDIS_URL", "http://someone:hunter2@localhost", "FLEET_REDIS_URL is not a Redis URL: http://localhost"),
        ("FLEET_LANES", "many", "FLEET_LANES"),
    ],
)
def test_a_wrong_environment_is_told(run: Run, offline: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    offline.setenv(name, value)
    settings.cache_clear()
    result = run("status")
    assert result.exit_code == 1
    assert said in result.stderr
    assert "hunter2" not in result.stderr


def test_every_fault_of_a_configuration_is_told_with_its_place(run: Run, configured: Configure) -> None:
    broken = {"destination": "klaviyo", "config": {"public_api_key": "${NOT_SET_ANYWHERE}"}, "consent": "marketing"}
    path = configured(**{"klaviyo-uk": broken, "Statsig": KLAVIYO, "statsig": {"destination": "statsg"}})
    result = run("explain", "--config", path, json.dumps({"type": "page"}))
    assert (result.exit_code, result.stdout) == (1, "")
    places = [line.split(": ", 1)[0] for line in result.stderr.splitlines()[1:]]
    assert places == sorted(places)
    assert {
        "integrations.klaviyo-uk.config.public_api_key",
        "integrations.klaviyo-uk.config.private_api_key",
        "integrations.klaviyo-uk.consent",
        "integrations.Statsig",
        "integrations.statsig.destination",
    } <= set(places)


def test_a_bug_is_not_dressed_up_as_a_fault_of_the_user() -> None:
    group = Fleet("fleet", entries={"broken": Entry(f"{__name__}:broken", "")})
    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(group, ["broken"], catch_exceptions=False)


broken = click.Command("broken", callback=lambda: 1 // 0)


def test_ctrl_c_ends_a_command_with_130_and_no_word() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from workers.cli import main; main()", "enqueue", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(b"{")
    process.stdin.flush()
    wait_until(lambda: unread(process.stdin) == 0)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors.strip()) == (130, b"", b"")


def unread(pipe: Any) -> int:
    """How many bytes of a pipe nobody has read yet."""
    (number,) = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))
    return int(number)


@pytest.mark.parametrize(
    ("text", "milliseconds"), [("90s", 90_000), ("10m", 600_000), ("1.5h", 5_400_000), ("1D", 86_400_000)]
)
def test_lengths_of_time(text: str, milliseconds: int) -> None:
    assert Duration().convert(text, None, None) == milliseconds


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "0s", "10 minutes"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write 90s"):
        Duration().convert(text, None, None)


def test_lengths_of_time_for_people() -> None:
    assert [spoken(seconds) for seconds in (0.4, 119, 120, 7_200, 200_000)] == [
        "0 s",
        "119 s",
        "2 min",
        "2 h",
        "2 days",
    ]
