"""The short form of the chaos suite, as part of the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1800)]


def test_nothing_is_lost_whatever_dies(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.chaos", "--short", "--folder", str(tmp_path / "chaos")]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
