from __future__ import annotations

import json
from typing import Any

import yaml

from destinations.form.integration import install
from tests.unit.cli.conftest import KLAVIYO, STATSIG, Configure, Run

CHANGED: dict[str, Any] = {**KLAVIYO, "blueprint": {"events": {"Signed Up": "signed_up", "page": None}}}


def test_the_mapping_is_yaml_that_installs_to_the_same(run: Run, configured: Configure) -> None:
    result = run("blueprint", "klaviyo-uk", "--config", configured(**{"klaviyo-uk": CHANGED, "statsig": STATSIG}))
    assert result.exit_code == 0
    mapping = yaml.safe_load(result.stdout)
    assert mapping["events"]["Signed Up"] == "signed_up"
    assert "page" not in mapping["events"]
    again = {**mapping, "events": {**mapping["events"], "page": None}}
    assert install("again", {**KLAVIYO, "blueprint": again}).blueprint.data == install("k", CHANGED).blueprint.data
    difference = [line for line in result.stdout.splitlines() if line.startswith("#   ")]
    assert "#   + events.Signed Up: signed_up" in difference
    assert any(line.startswith("#   - events.page: ") for line in difference)


def test_json_has_the_difference_from_the_variant(run: Run, configured: Configure) -> None:
    result = run("blueprint", "statsig", "--json", "--config", configured(statsig=STATSIG))
    shown = json.loads(result.stdout)
    assert (shown["integration"], shown["variant"], shown["difference"]) == ("statsig", "retail", [])
    assert shown["blueprint"]["events"]["page"] == "page_view"
