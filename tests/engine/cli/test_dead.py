"""``fleet dead``: the right letters are chosen, told of beforehand, moved, and none is lost on the way out and in."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

import workers
from tests.engine.burials import bury, dead_refs, waiting_replays
from tests.engine.cli.conftest import Run, objects, route_all
from tests.engine.events import GRANTED, Event, refs, track, tracks
from tests.engine.fleet import Fleet
from tests.engine.test_replay import in_balance
from workers import holds, keys

pytestmark = pytest.mark.engine

LATE = "2026-06-08T00:00:00Z"


@pytest.fixture
def letters(fleet: Fleet) -> dict[str, Event]:
    """Letters of many sorts in two integrations, by what is special about each."""
    klaviyo, statsig = fleet.install("klaviyo", "statsig")
    events = {
        "plain": track(message_id="m-plain"),
        "expired": track(),
        "other name": track("Product Viewed"),
        "anonymous": track(user=None, anonymous_id="anna"),
        "500": track(),
        "reason": track(),
        "statsig": track(),
    }
    parts: dict[str, dict[str, Any]] = {
        "expired": {"kind": "expired"},
        "500": {"answer": {"status": 500, "headers": {}, "body": ""}},
        "reason": {"reason": "no such Profile", "answer": None},
    }
    for special, event in events.items():
        bury(fleet, statsig if special == "statsig" else klaviyo, [event], **parts.get(special, {}))
    return events


CHOICES = {
    "kind": (["--kind", "expired"], ["expired"]),
    "status": (["--status", "500"], ["500"]),
    "reason": (["--reason", "SUCH profile"], ["reason"]),
    "event": (["--event", "Product Viewed"], ["other name"]),
    "person": (["--person", "anna"], ["anonymous"]),
    "message id": (["m-plain"], ["plain"]),
    "since, ago": (["--since", "1h"], ["plain", "expired", "other name", "anonymous", "500", "reason", "statsig"]),
    "until, ago": (["--until", "1h"], []),
    "since, later": (["--since", "2999-01-01T00:00:00Z"], []),
    "two at once": (["--kind", "refused", "--event", "Product Viewed"], ["other name"]),
    "two that exclude": (["--kind", "expired", "--event", "Product Viewed"], []),
}


@pytest.mark.parametrize(("options", "wanted"), CHOICES.values(), ids=CHOICES)
def test_the_options_choose(run: Run, letters: dict[str, Event], options: list[str], wanted: list[str]) -> None:
    exported = objects(run("dead", "export", *options).stdout)
    listed = objects(run("dead", "list", "--json", *options).stdout)
    assert [letter["event"]["properties"]["ref"] for letter in exported] == refs([letters[name] for name in wanted])
    assert sorted(letter["id"] for letter in listed) == sorted(letter["id"] for letter in exported)
    told = json.loads(run("dead", "replay", "--dry-run", "--json", *options).stdout)
    assert told["letters"] == len(wanted)


def test_ids_choose_with_and_without_their_place(run: Run, fleet: Fleet, letters: dict[str, Event]) -> None:
    name = fleet.name("klaviyo")
    ids = [letter["id"] for letter in objects(run("dead", "export", "-i", name).stdout)]
    assert len(ids) == 6
    chosen = [ids[0], ids[2].rpartition("/")[2]]
    assert [letter["id"] for letter in objects(run("dead", "export", *chosen).stdout)] == [ids[0], ids[2]]
    assert [letter["id"] for letter in objects(run("dead", "export", *chosen, "m-plain").stdout)] == [ids[0], ids[2]]
    assert objects(run("dead", "export", f"{fleet.name('statsig')}/{chosen[1]}").stdout) == []
    assert "there is no dead letter" in run("dead", "show", "no-id-at-all").stderr


def test_a_limit_takes_the_oldest(run: Run, fleet: Fleet, letters: dict[str, Event]) -> None:
    name = fleet.name("klaviyo")
    assert json.loads(run("dead", "replay", "-i", name, "--limit", "2", "--json").stdout)["replayed"] == 2
    assert sorted(waiting_replays(fleet, name)) == sorted(refs([letters["plain"], letters["expired"]]))
    assert json.loads(run("dead", "purge", "-i", name, "--limit", "1", "--yes", "--json").stdout)["purged"] == 1
    assert len(dead_refs(fleet, name)) == 3
    in_balance(fleet, name)


def test_nothing_is_moved_unless_it_is_said_what(run: Run, fleet: Fleet, letters: dict[str, Event]) -> None:
    for command in (["replay"], ["purge", "--yes"], ["purge", "--all"]):
        result = run("dead", *command)
        assert (result.exit_code, result.stdout) == (1, "")
    assert "7 dead letters would be lost; add --yes" in run("dead", "purge", "--all").stderr
    assert "nearest" in run("dead", "replay", "-i", fleet.name("klaviyo") + "x").stderr
    assert run("dead", "replay", "--since", "yesterday").exit_code == 2
    assert fleet.row(fleet.name("klaviyo"))["dead"] == 6


def test_a_dry_run_says_what_it_would_come_to_and_moves_nothing(run: Run, fleet: Fleet) -> None:
    limits = {"requests_per_second": 10, "lifted": True}
    [name] = fleet.install("klaviyo", limits=limits, consent=["marketing"])
    withdrawn = {"consent": {"marketing": False}}
    events = [
        *(track(user=f"u{number}", context=GRANTED) for number in range(20)),
        *(track(user="w", context=withdrawn) for _ in range(3)),
        track("Nobody Maps This", context=GRANTED),
        track(context=GRANTED, properties={"$value": "not a number", "revenue": 1}),
    ]
    bury(fleet, name, events)
    bury(fleet, name, [track(context=GRANTED)], replays=2)
    bury(fleet, name, [track(context=GRANTED)], kind="expired", reason="too old")
    workers.enqueue([{"type": "identify", "user_id": "u0", "context": withdrawn}])
    route_all(fleet)  # u0 changed their mind since
    holds.halt(name, "operator", "for lunch", "")
    before = fleet.row(name)
    told = json.loads(run("dead", "replay", "-i", name, "--dry-run", "--json").stdout)
    [row] = told["places"].values()
    assert (told["dry_run"], told["letters"], row["letters"]) == (True, 26, 26)
    assert row["kinds"] == {"refused": 25, "expired": 1}
    assert row["events"] == {"Order Completed": 25, "Nobody Maps This": 1}
    assert row["reasons"] == {"Klaviyo answered 400: no": 25, "too old": 1}
    assert row["refused"] == {"consent": 4, "unmapped": 1}
    assert row["requests"] == 21
    assert row["seconds"] == pytest.approx(21 * 0.4)
    assert [number for why, number in row["left"].items() if "--force" in why] == [1]
    assert row["held"] == "operator: for lunch"
    text = run("dead", "replay", "-i", name, "--dry-run")
    said = ("26 letters would be replayed, in about 21 requests, at least 8 s", "4  consent", "1  unmapped", "--force")
    assert all(part in text.stdout for part in (*said, "for lunch"))
    assert "nothing was moved" in text.stderr
    assert json.loads(run("dead", "replay", "-i", name, "--dry-run", "--json", "--rate", "2").stdout)["places"][name][
        "seconds"
    ] == pytest.approx(21 / 2)
    assert fleet.row(name) == before


def test_a_replay_says_what_it_did_and_what_is_left(run: Run, fleet: Fleet) -> None:
    klaviyo, statsig = fleet.install("klaviyo", "statsig", limits={"requests_per_minute": 60, "lifted": True})
    bury(fleet, klaviyo, tracks(5))
    bury(fleet, klaviyo, tracks(1), replays=2)
    del fleet.document["integrations"][statsig]
    fleet.document["pipelines"]["default"]["integrations"].remove(statsig)
    bury(fleet, statsig, tracks(1))
    fleet.apply(prune=True)
    result = run("dead", "replay", "--all")
    assert result.exit_code == 0
    assert f"{klaviyo}  5 letters wait to be sent again, at least 20 s" in result.stdout
    assert "1  replayed 2 times already" in result.stdout
    assert f"{statsig} is removed; apply it again first" in result.stdout
    again = json.loads(run("dead", "replay", "--all", "--json").stdout)
    assert again["replayed"] == 0
    assert (fleet.row(klaviyo)["aside"], fleet.row(klaviyo)["dead"]) == (5, 1)
    in_balance(fleet, klaviyo)


def test_out_and_in_again(run: Run, fleet: Fleet, tmp_path: Path) -> None:
    [name] = fleet.install("klaviyo")
    bury(fleet, name, tracks(250), hint="Mend it.", replays=1)
    fleet.redis.xadd(keys.inbox_dead("default"), {"letter": INBOX_LETTER})
    fleet.redis.hincrby(keys.pipeline_ledger("default"), "received", 1)
    fleet.redis.hincrby(keys.pipeline_ledger("default"), "invalid", 1)
    file = tmp_path / "letters.jsonl"
    assert "251 dead letters exported" in run("dead", "export", "-o", str(file)).stderr
    before = objects(file.read_text())
    assert objects(run("dead", "export").stdout) == before
    assert "would be put back" in run("dead", "import", str(file), "--dry-run").stdout
    assert json.loads(run("dead", "import", str(file), "--json").stdout)["doubles"] == 251
    assert json.loads(run("dead", "purge", "--all", "--yes", "--json").stdout)["purged"] == 251
    in_balance(fleet, name)
    both = json.loads(run("dead", "import", "-", "--json", input=file.read_bytes() * 2).stdout)
    assert (both["imported"], both["doubles"]) == (251, 251)
    after = objects(run("dead", "export").stdout)
    assert [without_id(letter) for letter in after] == [without_id(letter) for letter in before]
    in_balance(fleet, name)
    assert fleet.redis.hget(keys.ledger(name), "imported") == b"500"
    run("dead", "replay", "-i", name)
    waiting = json.loads(run("dead", "import", str(file), "--json").stdout)
    assert (waiting["imported"], waiting["doubles"]) == (0, 251)  # those that wait to be sent again are there, too
    assert (fleet.row(name)["aside"], fleet.row(name)["dead"]) == (250, 0)
    in_balance(fleet, name)


INBOX_LETTER = orjson.dumps(
    {
        "integration": None,
        "pipeline": "default",
        "kind": "invalid",
        "event": "{not json",
        "revision": None,
        "request": None,
        "answer": None,
        "attempts": 0,
        "replays": 0,
        "first_at": "2026-06-06T10:00:00Z",
        "last_at": "2026-06-06T10:00:00Z",
        "reason": "event: not JSON",
        "hint": "",
    }
)


def without_id(letter: dict[str, Any]) -> dict[str, Any]:
    """A letter but for what changes when it is put back, and what an inbox's never has."""
    return {part: value for part, value in letter.items() if part not in ("id", "entry")}


def spoilt(change: dict[str, Any]) -> Callable[[dict[str, Any]], bytes]:
    """Make a line of a letter with changes."""
    return lambda letter: orjson.dumps({**letter, **change})


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], bytes], str, int]] = {
    "not JSON": (lambda _: b"{", "line 2: not JSON", 2),
    "no letter": (lambda _: b"{}", "event: Missing data", 1),
    "unknown kind": (spoilt({"kind": "lost"}), "line 2: kind:", 1),
    "no event": (spoilt({"event": {"type": "track", "message_id": "m"}}), "line 2: event.", 1),
    "no message id": (spoilt({"event": {"type": "page", "user_id": "u"}}), "line 2: event.message_id: is missing", 1),
    "not here": (spoilt({"integration": "elsewhere"}), "there is no elsewhere here; fleet apply", 1),
    "bad entry": (spoilt({"entry": "first"}), "line 2: entry:", 1),
}


@pytest.mark.parametrize(("spoil", "said", "code"), FAULTS.values(), ids=FAULTS)
def test_a_bad_line_is_named_and_nothing_is_put_back(
    run: Run, fleet: Fleet, spoil: Callable[[dict[str, Any]], bytes], said: str, code: int
) -> None:
    [name] = fleet.install("klaviyo")
    bury(fleet, name, tracks(2))
    good, other = objects(run("dead", "export").stdout)
    run("dead", "purge", "--all", "--yes")
    result = run("dead", "import", "-", input=orjson.dumps(good) + b"\n" + spoil(other))
    assert (result.exit_code, result.stdout) == (code, "")
    assert "nothing was put back" in result.stderr
    assert said in result.stderr
    assert fleet.row(name)["dead"] == 0


def test_a_terminal_gets_a_bar(fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo")
    bury(fleet, name, tracks(600))
    leader, follower = pty.openpty()
    command = [sys.executable, "-c", "from workers.cli import main; main()", "dead", "replay", "--all"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=follower, env={**os.environ, "TERM": "xterm"}) as one:
        out, _ = one.communicate(timeout=60)
    os.close(follower)
    seen = os.read(leader, 65_536).decode()
    os.close(leader)
    assert "600/600" in seen
    assert "600 letters wait to be sent again" in out.decode()
