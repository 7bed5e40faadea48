"""The commands that look: status, show, dead, tail. A worker has done its work before they do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

import workers
from tests.engine.burials import bury
from tests.engine.cli.conftest import Run, objects
from tests.engine.events import GRANTED, Event, track
from tests.engine.fleet import CONFIGS, Fleet
from tests.engine.waiting import wait_until
from workers import keys
from workers.local.server import LocalRedis
from workers.registry import registry
from workers.tail import Tail

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("one_worker")]

LEDGER = ["received", "routed", "invalid", "duplicate", "inbox_waiting", "integrations"]
ROW = [
    "destination",
    "filtered",
    "accepted",
    "delivered",
    "dropped",
    "dead",
    "waiting",
    "aside",
    "in_flight",
    "held",
    "balance",
]
ADA: dict[str, Any] = {"user_id": "u1", "traits": {"email": "ada@example.com"}, "context": GRANTED}
FLEET = [sys.executable, "-c", "from workers.cli import main; main()"]


def raw(fleet: Fleet, text: str) -> None:
    fleet.redis.xadd(keys.raw("default"), {"event": text})


@pytest.fixture
def seen(fleet: Fleet) -> dict[str, Event]:
    """One event of every fate: delivered, filtered, refused, waiting for a held integration; and one that is none."""
    fleet.install("kissmetrics", "klaviyo", "kustomer", "statsig", "launchdarkly")
    fleet.vendors.fault("kustomer", status=400)
    workers.enqueue([event := track(**{**ADA, "user": "u1", "message_id": "m-order"}), track("order_completed", **ADA)])
    raw(fleet, '{"type": "track", "message_id": "m-bad"}')
    fleet.wait_done()
    return {"order": event}


def test_status_json_has_exactly_the_fixed_shape(run: Run, fleet: Fleet, seen: object) -> None:
    result = run("status", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    [ledger] = objects(result.stdout)
    assert ledger == fleet.status()
    assert list(ledger) == LEDGER
    assert [list(row) for row in ledger["integrations"].values()] == [ROW] * 5
    assert (ledger["received"], ledger["routed"], ledger["invalid"], ledger["inbox_waiting"]) == (3, 2, 1, 0)
    row = ledger["integrations"][fleet.name("kustomer")]
    assert (row["destination"], row["filtered"], row["dead"]) == ("kustomer", {"unmapped": 1}, 1)


def test_status_tells_people_what_the_figures_do_not(run: Run, fleet: Fleet, seen: object) -> None:
    run("hold", fleet.name("statsig"), "--for", "10m", "--reason", "moving house")
    lines = run("status").stdout.splitlines()

    def of(vendor: str) -> str:
        return "\n".join(line for line in lines if line.startswith(f"{fleet.name(vendor)} "))

    assert lines[0] == "received 3  routed 2  invalid 1  duplicate 0  inbox waiting 0"
    assert "accepted, not confirmed 1" in of("kissmetrics")
    assert "  delivered 1" in of("klaviyo")
    assert "dead 1 (refused 1)" in of("kustomer")
    assert "held, operator: moving house, until 20" in of("statsig")
    assert f"fleet release {fleet.name('statsig')}" in of("statsig")
    assert "not mapped: 'order_completed' 1 (nearest: 'Order Completed')" in of("klaviyo")
    assert "warning, 1 events: no metricValue" in of("launchdarkly")
    assert "limits lifted" in of("klaviyo")
    assert all("balance 0" in of(vendor) for vendor in CONFIGS)


def test_status_shows_a_balance_that_is_none(run: Run, fleet: Fleet, seen: object) -> None:
    fleet.redis.hincrby(keys.ledger(fleet.name("klaviyo")), "accepted", 2)
    assert f"{fleet.name('klaviyo')}  the books do not balance: +2" in run("status").stdout


def test_watching_looks_again_until_ctrl_c(fleet: Fleet, here: LocalRedis) -> None:
    [name] = fleet.install("klaviyo")
    command = [*FLEET, "status", "--watch", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)) as watch:
        looks = map(json.loads, watch.stdout or ())
        assert next(looks)["integrations"][name]["delivered"] == 0
        workers.enqueue([track(**ADA)])
        wait_until(lambda: next(looks)["integrations"][name]["delivered"] == 1)
        watch.send_signal(signal.SIGINT)
        errors = watch.communicate(timeout=10)[1]
    assert (watch.returncode, errors.strip()) == (130, b"")


def test_what_is_installed_is_explained_where_no_file_is_given(run: Run, fleet: Fleet) -> None:
    klaviyo, statsig = fleet.install("klaviyo", "statsig")
    event = json.dumps(track(**ADA))
    assert [row["integration"] for row in objects(run("explain", event).stdout)] == [klaviyo, statsig]
    [row] = objects(run("explain", "-i", statsig, event).stdout)
    assert (row["integration"], row["outcome"], row["request"]["headers"]["statsig-api-key"]) == (
        statsig,
        "send",
        "***",
    )
    assert run("blueprint", statsig).stdout.startswith(f"# {statsig}: statsig's variant retail, unchanged\n")


def test_show_tells_an_events_fate_at_each_integration(run: Run, fleet: Fleet, seen: dict[str, Event]) -> None:
    result = run("show", "m-order", "--json")
    assert result.exit_code == 0
    [trace] = objects(result.stdout)
    assert list(trace) == ["message_id", "event", "inbox", "integrations"]
    assert trace["event"]["properties"] == seen["order"]["properties"]
    fates = {name: [step["what"] for step in steps] for name, steps in trace["integrations"].items()}
    assert fates.pop(fleet.name("kustomer")) == ["sent", "dead:refused", "dead letter"]
    assert list(fates.values()) == [["sent", "delivered"]] * 4
    sent = trace["integrations"][fleet.name("klaviyo")][0]
    assert (sent["verdict"], sent["answer"]["status"], sent["request"]["method"]) == ("delivered", 202, "POST")
    assert CONFIGS["klaviyo"]["private_api_key"] not in result.stdout


def test_show_finds_what_is_on_its_way(run: Run, fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo")
    run("hold", name)
    workers.enqueue([track(message_id="m-1", **ADA), track("unknown", message_id="m-2", **ADA)])
    fleet.wait_row(name, waiting=1)
    [trace] = objects(run("show", "m-1", "--json").stdout)
    [step] = trace["integrations"][name]
    assert (step["what"], step["before_it"], step["tries"], step["being_worked"]) == ("waiting", 0, 0, False)
    assert trace["event"]["message_id"] == "m-1"
    [trace] = objects(run("show", "m-2", "--json").stdout)
    assert [step["what"] for step in trace["integrations"][name]] == ["filtered:unmapped"]
    assert "waiting" in run("show", "m-1").stdout


def test_show_finds_what_waits_aside_and_what_is_to_be_replayed(run: Run, fleet: Fleet) -> None:
    [name] = fleet.install("klaviyo")
    fleet.vendors.fault("klaviyo", status=500)
    workers.enqueue([track(message_id=f"m-{number}", **ADA) for number in (1, 2)])
    fleet.wait_row(name, aside=2)
    run("hold", name)
    [first], [second] = (
        objects(run("show", message_id, "--json").stdout)[0]["integrations"][name][-1:] for message_id in ("m-1", "m-2")
    )
    assert (first["what"], first["tries"], first["behind_its_person"]) == ("waiting aside", 1, False)
    assert first["next_at"] > first["at"]
    assert (second["what"], second["behind_its_person"], second["next_at"]) == ("waiting aside", True, None)
    bury(fleet, name, [track(message_id="m-3", **ADA)])
    assert run("dead", "replay", "--all").exit_code == 0
    [*_, step] = objects(run("show", "m-3", "--json").stdout)[0]["integrations"][name]
    assert (step["what"], step["replays"], step["together"]) == ("waiting to be replayed", 1, 1)
    assert "waiting to be replayed" in run("show", "m-3").stdout


def test_show_finds_what_was_no_event(run: Run, seen: object) -> None:
    [trace] = objects(run("show", "m-bad", "--json").stdout)
    [step] = trace["inbox"]
    assert (step["what"], step["kind"]) == ("dead letter", "invalid")


def test_show_of_what_nobody_knows(run: Run, seen: object) -> None:
    result = run("show", "m-none")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nothing is known of 'm-none'" in result.stderr


def test_dead_letters_are_listed_filtered_and_shown(run: Run, fleet: Fleet, seen: dict[str, Event]) -> None:
    kustomer = fleet.name("kustomer")
    everything = objects(run("dead", "list", "--json").stdout)
    assert {letter["integration"] for letter in everything} == {kustomer, None}
    assert [letter["id"] for letter in objects(run("dead", "list", "--json", "-i", "inbox").stdout)] == [
        letter["id"] for letter in objects(run("dead", "list", "--json", "--kind", "invalid").stdout)
    ]
    [letter] = objects(run("dead", "list", "--json", "-i", kustomer, "--kind", "refused").stdout)
    assert letter["event"]["message_id"] == "m-order"
    assert (letter["answer"]["status"], letter["attempts"]) == (400, 1)
    assert run("dead", "list", "-i", kustomer, "--kind", "bug").stdout == ""
    first = run("dead", "list", "--limit", "1")
    assert len(first.stdout.splitlines()) == 1
    assert "there are more" in first.stderr
    assert objects(run("dead", "show", "--json", letter["id"]).stdout) == [letter]
    assert letter in objects(run("dead", "show", "--json", letter["id"].rpartition("/")[2]).stdout)
    page = run("dead", "show", letter["id"]).stdout
    assert all(part in page for part in ("refused: Kustomer answered 400", letter["hint"][:30], "m-order", "POST http"))
    assert CONFIGS["kustomer"]["api_key"] not in page
    missing = run("dead", "show", f"{kustomer}/1-0")
    assert missing.exit_code == 1
    assert "there is no dead letter" in missing.stderr
    assert f"nearest: '{kustomer}'" in run("dead", "list", "-i", f"{kustomer}x").stderr


def test_tail_shows_what_was_and_follows_what_comes(run: Run, fleet: Fleet, here: LocalRedis) -> None:
    klaviyo, _ = fleet.install("klaviyo", "statsig")
    workers.enqueue([track(message_id="m-before", **ADA)])
    fleet.wait_done()
    command = [*FLEET, "tail", "-i", klaviyo, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)) as tail:
        assert tail.stdout is not None
        assert json.loads(tail.stdout.readline())["message_ids"] == ["m-before"]
        workers.enqueue([track(message_id="m-after", **ADA)])
        sample = json.loads(tail.stdout.readline())
        tail.send_signal(signal.SIGINT)
        rest, errors = tail.communicate(timeout=10)
    assert (sample["integration"], sample["message_ids"], sample["verdict"]) == (klaviyo, ["m-after"], "delivered")
    assert sample["answer"]["status"] == 202
    assert CONFIGS["klaviyo"]["private_api_key"] not in json.dumps(sample)
    assert (tail.returncode, rest, errors.strip()) == (130, b"", b"")


def test_tail_follows_an_integration_that_comes_later(fleet: Fleet, here: LocalRedis) -> None:
    tail = Tail(registry())
    assert tail.latest(10) == []
    assert tail.more(1) == []
    fleet.install("klaviyo", "statsig")
    workers.enqueue([track(message_id="m-1", **ADA)])
    fleet.wait_done()
    registry().refresh()
    found = wait_until(lambda: tail.more(100))
    assert sorted(sample["integration"] for sample in found) == sorted(fleet.document["integrations"])
    assert len(Tail(registry()).latest(1)) == 1
    assert {sample["integration"] for sample in Tail(registry()).latest(2)} == set(fleet.document["integrations"])
    assert tail.more(1) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["status"], ["accepted, not confirmed", "refused 1", "nearest: 'Order Completed'", "lifted"]),
        (["dead", "list"], ["refused", "Kustomer answered 400", "inbox/default/"]),
        (["show", "m-order"], ["delivered", "dead:refused", "POST http", "m-order"]),
        (["tail", "-n", "1"], ["request", "answer", "ms"]),
        (["test", "NAME"], ["delivered", "request", "answer", "202"]),
    ],
    ids=lambda value: value[0],
)
def test_a_terminal_gets_pages_in_colour(
    fleet: Fleet, here: LocalRedis, seen: object, command: list[str], said: list[str]
) -> None:
    ours, theirs = os.openpty()
    asked = [part.replace("NAME", fleet.name("klaviyo")) for part in command]
    environment = {**os.environ, "COLUMNS": "200", "TERM": "xterm-256color"}
    with subprocess.Popen([*FLEET, *asked], stdout=theirs, stderr=subprocess.PIPE, env=environment) as process:
        os.close(theirs)
        shown = ""
        while not all(part in shown for part in said):
            try:
                shown += os.read(ours, 65_536).decode()
            except OSError:  # the other end is closed
                break
        process.send_signal(signal.SIGINT)
    os.close(ours)
    assert all(part in shown for part in said), shown
    assert "\x1b[" in shown
