"""What the demo installs: one integration of each destination, towards the stand-in vendors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SANDBOX = "${FLEET_SANDBOX_URL}"
"""Expanded when the file is applied, since the port may be another one each time."""

INTEGRATIONS: dict[str, dict[str, Any]] = {
    "kissmetrics": {"config": {"api_key": "km-demo-0123456789"}},
    "kustomer": {"config": {"org_name": "acme", "api_key": "eyJkZW1v.a3VzdG9tZXI.c2lnbmVk"}, "consent": ["marketing"]},
    "klaviyo": {
        "config": {"public_api_key": "ABC123", "private_api_key": "pk_0123456789abcdef0123456789abcdef01"},
        "consent": ["marketing"],
    },
    "statsig": {"variant": "retail", "config": {"server_secret_key": "secret-demo-0123456789"}},
    "launchdarkly": {
        "config": {"access_token": "api-demo-0123456789", "project_key": "default", "environment_key": "production"}
    },
}
"""Integrations by name, which is their destination's too. The keys are made up: a stand-in takes any of such a form."""


class Plain(yaml.SafeDumper):
    """Writes a list that stands twice out twice: people edit this file."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002, D102
        return True


def fleet_file(*, lifted: bool) -> dict[str, Any]:
    """The configuration file, as data. ``lifted``: without the limits that vendors publish."""
    integrations = {
        name: {
            "destination": name,
            **spec,
            "base_url": f"{SANDBOX}/{name}",
            **({"limits": {"lifted": True}} if lifted else {}),
        }
        for name, spec in INTEGRATIONS.items()
    }
    return {"pipelines": {"default": {"integrations": list(integrations)}}, "integrations": integrations}


def write_fleet_file(path: Path, *, lifted: bool) -> Path:
    """Write the configuration file, unless there is one; it may have been edited since. Gives its path."""
    if not path.exists():
        path.write_text(yaml.dump(fleet_file(lifted=lifted), Dumper=Plain, sort_keys=False), encoding="utf-8")
    return path
