from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from workers import process
from workers.cli import main
from workers.settings import settings

Run = Callable[..., Result]
Configure = Callable[..., str]

NOBODY_LISTENS = "redis://someone:hunter2@127.0.0.1:1/0?password=hunter2"

KLAVIYO = {
    "destination": "klaviyo",
    "config": {"public_api_key": "ABC123", "private_api_key": "pk_0123456789abcdef0123456789abcdef01"},
}
STATSIG = {"destination": "statsig", "variant": "retail", "config": {"server_secret_key": "secret-0123456789"}}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """No Redis, no key."""
    monkeypatch.setenv("FLEET_REDIS_URL", NOBODY_LISTENS)
    monkeypatch.delenv("FLEET_BROKER_URL", raising=False)
    monkeypatch.delenv("FLEET_SECRET_KEY", raising=False)
    settings.cache_clear()
    process.forget()
    yield monkeypatch
    settings.cache_clear()
    process.forget()


@pytest.fixture
def run() -> Run:
    """Run a command; an exception that is no sentence for people fails the test."""
    return lambda *arguments, **options: CliRunner().invoke(main, arguments, catch_exceptions=False, **options)


@pytest.fixture
def configured(tmp_path: Path) -> Configure:
    """Write a configuration file of these integrations; its path."""

    def write(**integrations: Any) -> str:
        path = tmp_path / "fleet.yml"
        path.write_text(yaml.safe_dump({"integrations": integrations}), encoding="utf-8")
        return str(path)

    return write
