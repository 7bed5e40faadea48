"""What ``demo`` and ``up`` say of a running fleet: where its parts are, and the lines to paste."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from workers.demo.parts import Parts


def where(parts: Parts) -> Iterator[str]:
    """Where to look."""
    yield f"  Redis     {parts.redis.url}"
    yield f"  vendors   {parts.sandbox_url}  (stand-ins: /klaviyo/_accepted has what it got)"
    if parts.gateway:
        yield f"  gateway   {parts.gateway.url}  (/v1/batch, /metrics, /openapi.json)"
    if parts.flower:
        yield f"  Flower    {parts.flower.url}"
    yield f"  logs      {parts.folder}/*.log"


def attach(parts: Parts) -> Iterator[str]:
    """The lines that make another terminal part of this fleet."""
    for name in ("FLEET_REDIS_URL", "FLEET_SECRET_KEY", "FLEET_SANDBOX_URL"):
        yield f"  export {name}={parts.environment()[name]}"


def look() -> Iterator[str]:
    """Commands that look at a fleet."""
    yield f"  {command()} status --watch"
    yield f"  {command()} tail"


def hand_in(parts: Parts) -> Iterator[str]:
    """Four ways to hand in an event: the command line, Python, Redis, HTTP."""
    event = '{"type": "page", "user_id": "u1", "context": {"consent": {"marketing": true}}}'
    yield f"  echo '{event}' | {command()} enqueue -"
    yield f'  {beside("python")} -c \'import workers; print(workers.page("Home", user_id="u1"))\''
    yield f"  redis-cli -p {parts.redis.port} XADD fleet:1:raw:default '*' event '{event}'"
    if parts.gateway:
        body = '{"userId": "u1", "context": {"consent": {"marketing": true}}}'
        address = f"{parts.gateway.url}/v1/page -u {parts.write_key()}:"
        yield f"  curl {address} -H 'Content-Type: application/json' -d '{body}'"


def command() -> str:
    """How ``fleet`` is called from here."""
    return "fleet" if shutil.which("fleet") else beside("fleet")


def beside(name: str) -> str:
    """A program of the environment that runs us, as short as it can be named from here."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        return name
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
