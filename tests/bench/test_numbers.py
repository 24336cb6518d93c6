"""The form of book/numbers: a line for each round, of a commit that can be looked at."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import json_text
import measure
import measured
import pytest
import rounds

FILES = sorted(measured.NUMBERS.glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_round_has_a_line_of_its_own(file: Path) -> None:
    text = file.read_text()
    found = json.loads(text)
    assert json_text.text(found) == text, f"{file.name}: write it as tests/bench/json_text.py does"
    lines = {line.strip().rstrip(",") for line in text.splitlines()}
    for servers in found["results"].values():
        for each in (each for of_server in servers.values() for each in of_server):
            assert json.dumps(each, ensure_ascii=False) in lines


def test_nothing_is_lost_in_the_form() -> None:
    found = {"name": "m1_1", "results": {"load": {"server": [{"us": 1.5, "of": [1, 2]}] * 40}},
             "rows": [{"label": "µ" * 100, "cells": [{"text": "–"}] * 9}], "notes": [], "none": {}}
    text = json_text.text(found)
    assert json.loads(text) == found
    assert text.count('{"us": 1.5, "of": [1, 2]}') == 40


def test_the_book_takes_no_numbers_of_a_state_that_is_no_commit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["measure", "m1_1"])
    monkeypatch.setattr(measured, "NUMBERS", tmp_path / "numbers")
    monkeypatch.setattr(measure, "commit", lambda: "0a1b2c3" + rounds.DIRTY)
    with pytest.raises(SystemExit, match="commit them, or choose where to write with --out"):
        measure.main()
    assert not (tmp_path / "numbers").exists()


@pytest.mark.parametrize(("status", "commit"), [("", "0a1b2c3"), (" M serve", "0a1b2c3-dirty")])
def test_a_state_that_is_no_commit_is_called_so(
    status: str, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "git", lambda *w: status if w[0] == "status" else "0a1b2c3")
    monkeypatch.setattr(rounds.shutil, "which", lambda _: "/usr/bin/git")
    assert rounds.commit() == commit
