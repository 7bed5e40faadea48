"""``fleet write-key``: the key alone on standard output, once, and never again."""

from __future__ import annotations

import json

import pytest

from tests.engine.cli.conftest import Run
from tests.engine.fleet import Fleet
from workers.write_keys import look_up

pytestmark = pytest.mark.engine


def test_a_write_key_is_made_listed_rotated_and_revoked(run: Run, fleet: Fleet) -> None:
    fleet.install("statsig")
    made = run("write-key", "create", "default", "--name", "shop")
    key = made.stdout.strip()
    source = look_up(key)
    assert source
    assert source.pipeline == "default"
    assert "not shown again" in made.stderr
    (listed,) = json.loads(run("write-key", "list", "--json").stdout)
    assert (listed["id"], listed["name"], listed["until"]) == (source.key_id, "shop", None)
    assert key not in run("write-key", "list", "default").stdout
    other = run("write-key", "rotate", "default", source.key_id, "--keep", "1d").stdout.strip()
    renewed = look_up(other)
    assert renewed
    assert renewed.key_id != source.key_id
    assert [bool(row["until"]) for row in json.loads(run("write-key", "list", "--json").stdout)].count(True) == 1
    assert run("write-key", "revoke", "default", source.key_id).exit_code == 0
    assert [row["id"] for row in json.loads(run("write-key", "list", "--json").stdout)] == [renewed.key_id]


def test_what_is_not_there_is_told(run: Run, fleet: Fleet) -> None:
    fleet.install("statsig")
    for command in (("create", "nobody"), ("rotate", "default", "x"), ("revoke", "default", "x")):
        result = run("write-key", *command)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "nobody" in result.stderr or "'x'" in result.stderr
