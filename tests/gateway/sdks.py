"""Published libraries, unmodified: each sends one event of each kind."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
import rudderstack.analytics.client
import segment.analytics.client

NODE = Path(__file__).parent / "node"


def segment_python(url: str, key: str, ref: str) -> None:
    """Use ``segment-analytics-python``."""
    client = segment.analytics.client.Client(key, host=url, gzip=True, on_error=_fail, max_retries=1)
    _speak(client, ref)


def rudder_python(url: str, key: str, ref: str) -> None:
    """Use ``rudder-sdk-python``."""
    client = rudderstack.analytics.client.Client(key, host=url, gzip=True, on_error=_fail, max_retries=1)
    _speak(client, ref)


def segment_node(url: str, key: str, ref: str) -> None:
    """Use ``@segment/analytics-node``."""
    _run_node("segment.mjs", url, key, ref)


def rudder_node(url: str, key: str, ref: str) -> None:
    """Use ``@rudderstack/rudder-sdk-node``."""
    _run_node("rudder.mjs", url, key, ref)


LIBRARIES = (segment_python, rudder_python, segment_node, rudder_node)


def install_node_libraries() -> None:
    """Install what ``node/package-lock.json`` names, unless that was done before. Fails where there is no npm."""
    lock = hashlib.sha256((NODE / "package-lock.json").read_bytes()).hexdigest()
    mark = NODE / "node_modules" / ".installed"
    if mark.exists() and mark.read_text() == lock:
        return
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.fail("these tests need Node 20 or newer with npm: install nodejs and npm", pytrace=False)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(["npm", "ci", *options], cwd=NODE, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    mark.write_text(lock)


def _speak(client: segment.analytics.client.Client, ref: str) -> None:
    user = "ada"
    client.identify(user, {"plan": "gold"})
    client.group(user, "acme", {"size": 5})
    client.page(user, None, "Home", {"path": "/"})
    client.screen(user, None, "Basket")
    client.alias("cookie", user)
    client.track(user, "Order Completed", {"ref": ref, "revenue": 9.5})
    client.shutdown()


def _fail(error: Exception, _: object) -> None:
    pytest.fail(f"the library could not hand in its events: {error!r}")


def _run_node(script: str, *arguments: str) -> None:
    command = ["node", script, *arguments]
    done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done
