from __future__ import annotations

import sys
from pathlib import Path

import pytest

from destinations.form.catalog import catalog
from destinations.form.pages import main, pages


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["pages", *arguments])
    return main()


def test_pages_are_written_then_current_then_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "docs"
    assert run(monkeypatch, "--check", str(folder)) == 1
    assert run(monkeypatch, str(folder)) == 0
    assert run(monkeypatch, "--check", str(folder)) == 0
    (folder / "statsig.md").write_text("edited")
    capsys.readouterr()
    assert run(monkeypatch, "--check", str(folder)) == 1
    assert capsys.readouterr().err == f"{folder / 'statsig.md'} is not current; run make docs\n"


@pytest.mark.parametrize("name", catalog())
def test_a_page_shows_all_that_is_declared(name: str) -> None:
    destination, page = catalog()[name], pages()[f"{name}.md"]
    shown = [
        destination.docs,
        *destination.config.fields,
        *(event for variant in destination.variants.values() for event in variant["events"]),
        *(target for variant in destination.variants.values() for target in variant["fields"]),
        *destination.hints.values(),
        *destination.warnings,
    ]
    assert [text for text in shown if text not in page] == []
