"""The files a checkout is set up and deployed with: what no tool checks for us."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"]
DEVELOPMENT = PROJECT["dependency-groups"]["dev"]
REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("crates", "io"))
]


def plain(requirement: str) -> str:
    """Write the name of a requirement as the lock files do."""
    name = re.match(r"[\w.-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def pins(lock: str) -> dict[str, str]:
    """Read name → version of a lock file; each must have a hash."""
    found = re.findall(r"^([\w.-]+)==(\S+)[^\n]*\\\n    --hash=sha256:[0-9a-f]{64}", (ROOT / lock).read_text(), re.M)
    return dict(found)


@pytest.mark.parametrize(
    ("lock", "wanted"), [("requirements.lock", RUNTIME + DEVELOPMENT), ("deploy/requirements.lock", RUNTIME)]
)
def test_every_dependency_is_pinned_with_its_hash(lock: str, wanted: list[str]) -> None:
    assert {plain(requirement) for requirement in wanted} <= set(pins(lock)), "run: make lock"
    assert len(pins(lock)) == len(re.findall(r"^\S+==", (ROOT / lock).read_text(), re.M))


def test_the_image_installs_the_versions_that_were_tested() -> None:
    assert pins("deploy/requirements.lock").items() <= pins("requirements.lock").items(), "run: make lock"


def test_no_file_names_a_package_registry() -> None:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    texts = {
        name: (ROOT / name).read_bytes().decode(errors="replace")
        for name in names.split("\0")
        if (ROOT / name).is_file()
    }
    assert texts
    assert {name for name, text in texts.items() if any(registry in text for registry in REGISTRIES)} == set()


def test_compose_runs_what_the_procfile_runs() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    processes = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    assert set(services) == set(processes) | {"redis"}
    assert all("healthcheck" in service for service in services.values())


def test_a_secret_has_no_default_in_compose() -> None:
    used = re.findall(r"\$\{(\w+)(:[-?])?", (ROOT / "docker-compose.yml").read_text())
    secret = {(name, default) for name, default in used if re.search("KEY|PASSWORD|AUTH", name)}
    assert {name for name, _ in secret} == {"FLEET_SECRET_KEY", "REDIS_PASSWORD", "FLEET_FLOWER_PASSWORD"}
    assert {default for _, default in secret} == {":?"}
