from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import requests

from tests.bench import docs
from tests.bench.bars import judge
from tests.bench.parts.rate import SECOND, accuracy
from tests.bench.samples import Results
from tests.bench.sink.answers import ANSWERS
from tests.bench.sink.client import Sink
from tests.bench.table import cells


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    with Sink(tmp_path_factory.mktemp("sink")) as started:
        yield started


def test_the_sink_counts_what_a_client_sends(sink: Sink) -> None:
    sink.ask("clear", keep=True)
    batch = gzip.compress(orjson.dumps({"events": [{"metadata": {"sent_at": "17"}}] * 3}))
    large = orjson.dumps([{"key": "k" * 1_000}] * 400)
    with requests.Session() as session:
        assert session.get(sink.url("kissmetrics") + "/e?Sent%20At=5").status_code == 200
        assert session.post(sink.url("statsig-2") + "/v1/log_event", data=batch).json() == {"success": True}
        assert session.post(sink.url("launchdarkly") + "/v2/event", data=large).status_code == 202
        assert session.get(sink.url("nobody") + "/").status_code == 404
    assert sink.ask("records") == {"kissmetrics": 1, "statsig-2": 3, "launchdarkly": 400, "nobody": 1}
    (stamp,), delays = sink.ask("stamps", name="kissmetrics"), sink.ask("delays", name="statsig-2")
    assert sink.ask("delays", name="kissmetrics") == [(stamp - 5) / 1e6]
    assert len(delays) == 3


def test_requests_in_a_row_and_in_pieces_are_all_answered(sink: Sink) -> None:
    sink.ask("clear")
    request = b"POST /kustomer/x HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc"
    with socket.create_connection(("127.0.0.1", sink.port), 5) as line, line.makefile("rb") as answers:
        for piece in (request + request[:30], request[30:40], request[40:] + request + request):
            line.sendall(piece)
        expected = 4 * ANSWERS[b"kustomer"]
        assert answers.read(len(expected)) == expected


@pytest.mark.parametrize(("rate", "word"), [(2_500.0, "met"), (2_400.0, "MISSED")])
def test_a_bar_is_met_or_missed_by_the_median_of_its_rounds(rate: float, word: str) -> None:
    ours = [{"per_s": value} for value in (1.0, rate, 9_000.0)]
    results: Results = {"enqueue": {"fleet/100": ours, "celery": [{"per_s": 100.0}] * 3}}
    (judged,) = judge(results)
    assert (judged.figure, judged.low, judged.high) == (rate / 100, 0.01, 90)
    assert cells(judged)[-1] == word


def test_the_worst_second_lies_anywhere() -> None:
    stamps = [0, SECOND * 9 // 10, SECOND * 19 // 10 - 1, SECOND * 19 // 10, SECOND * 4]
    assert accuracy(stamps, 1) == {"per_s": 1.0, "share": 1.0, "worst": 2, "limit": 1, "n": 5}


def test_figures_take_the_place_of_older_ones(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- bars: written by make bench -->\nold\n<!-- end of bars -->\nz\n")
    docs.put(page, "bars", r"new \1")
    assert page.read_text() == "a\n<!-- bars: written by make bench -->\nnew \\1\n<!-- end of bars -->\nz\n"
    with pytest.raises(ValueError, match="has no place for run"):
        docs.put(page, "run", "")
